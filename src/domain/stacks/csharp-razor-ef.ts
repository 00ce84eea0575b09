// ASP.NET Core Razor Pages with Entity Framework on SQL Server. There is no tool of administration, so no port for one.
import type { Stack, StackService } from "../stack.ts";
import { apiService, DATABASE_SECRET, dockerfiles, healthCheck, PLAIN } from "./parts.ts";

const PROJECT = `<Project Sdk="Microsoft.NET.Sdk.Web">
<PropertyGroup><TargetFramework>net8.0</TargetFramework><Nullable>enable</Nullable>
<ImplicitUsings>enable</ImplicitUsings><UseAppHost>false</UseAppHost></PropertyGroup>
<ItemGroup><PackageReference Include="Microsoft.EntityFrameworkCore.SqlServer" Version="[8.0.11]" /></ItemGroup>
</Project>`;

/** The project file is the template's own: one of the sources could execute anything while it is restored or built. */
const DOCKERFILE = `FROM mcr.microsoft.com/dotnet/sdk:8.0.404-bookworm-slim
ENV NUGET_PACKAGES=/nuget DOTNET_CLI_TELEMETRY_OPTOUT=1
WORKDIR /product
RUN printf '%s' '${PROJECT.replaceAll("\n", " ")}' > /product/sandbox.csproj && dotnet restore sandbox.csproj && chmod -R a+rX /nuget /product
COPY src/ /product/
`;

/** -q: the check runs as root, and the sources could leave a configuration for curl. */
const HEALTH = [
  "/bin/sh",
  "-c",
  `code="$(curl -q -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8000/)" && test "$code" -lt 500`,
];

const APP = apiService(
  {
    prepare: `export ConnectionStrings__Default="Server=db,1433;Database=app;User Id=sa;Password=\${password};TrustServerCertificate=true"`,
    health: HEALTH,
  },
  [
    "/bin/sh",
    "-c",
    `set -eu
cp -r /product /tmp/product && cd /tmp/product
dotnet publish sandbox.csproj --configuration Release --output /tmp/out
exec dotnet /tmp/out/sandbox.dll`,
  ],
);

const SQL_SERVER: StackService = {
  ...PLAIN,
  from: { image: "mcr.microsoft.com/mssql/server:2022-CU14-ubuntu-22.04", pull: "missing" },
  user: "0:0",
  entrypoint: [
    "/bin/bash",
    "-c",
    `set -eu
chown 10001 /var/opt/mssql
MSSQL_SA_PASSWORD="$(cat /run/secrets/${DATABASE_SECRET})"
export MSSQL_SA_PASSWORD
exec setpriv --reuid 10001 --regid 0 --clear-groups --no-new-privs /opt/mssql/bin/sqlservr`,
  ],
  environment: {
    ACCEPT_EULA: "Y",
    HOME: "/var/opt/mssql",
    MSSQL_PID: "Developer",
    MSSQL_MEMORY_LIMIT_MB: "2048",
  },
  secrets: [DATABASE_SECRET],
  ports: { database: 1433 },
  volumes: { "/var/opt/mssql": "data" },
  health: healthCheck(
    60,
    "/bin/bash",
    "-c",
    `SQLCMDPASSWORD="$(cat /run/secrets/${DATABASE_SECRET})" exec /opt/mssql-tools18/bin/sqlcmd -C -b -S 127.0.0.1 -U sa -Q 'SELECT 1'`,
  ),
  // The last one is a file capability of the server.
  capabilities: ["CHOWN", "DAC_OVERRIDE", "SETUID", "SETGID", "KILL", "NET_BIND_SERVICE"],
  limits: { memoryMiB: 2560, cpus: 2, pids: 512 },
  stopSec: 20,
};

export const CSHARP_RAZOR_EF: Stack = {
  name: "csharp-razor-ef",
  services: {
    db: SQL_SERVER,
    app: {
      ...APP,
      from: { context: ".", dockerfile: "../files/app/Dockerfile", network: true },
      environment: {
        ...APP.environment,
        ASPNETCORE_URLS: "http://0.0.0.0:8000",
        DOTNET_CLI_HOME: "/tmp",
        DOTNET_CLI_TELEMETRY_OPTOUT: "1",
        NUGET_PACKAGES: "/nuget",
      },
      temporary: { "/tmp": 512 },
      temporaryPrograms: true,
      after: ["db"],
      health: healthCheck(90, ...HEALTH),
      limits: { memoryMiB: 1536, cpus: 2, pids: 256 },
    },
  },
  files: dockerfiles({ app: DOCKERFILE }),
  waitMs: 900_000,
};
