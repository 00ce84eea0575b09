# The image of Orket. `npm run image` fills the folder that it is made from with the compiled program, the libraries of the
# lock file and the assets; nothing of a checkout gets in besides. Made to run as `docker run --read-only --cap-drop ALL`.

# Node 24 with a shell. What is missing of git and the box's tools is installed; one that has them needs no network.
ARG BASE=node:24.21.0-trixie-slim
FROM ${BASE}

RUN for tool in git bwrap prlimit; do command -v "$tool" >/dev/null || missing=yes; done; \
    [ -z "$missing" ] || { apt-get update \
      && apt-get install --yes --no-install-recommends git bubblewrap util-linux ca-certificates \
      && rm -rf /var/lib/apt/lists/*; }

# The program is root's, so that the one who runs it cannot change it. The two folders are what it may write.
COPY app /opt/orket
COPY --chown=10001:10001 project /project
COPY --chown=10001:10001 state /state

ARG VERSION=0.0.0
LABEL org.opencontainers.image.title="orket" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"

# All addresses of the container: what of it can be reached is what its network and its published ports say.
ENV PATH=/opt/orket/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    HOME=/tmp \
    USER=orket \
    ORKET_HOST=0.0.0.0 \
    ORKET_PORT=8082 \
    ORKET_WEBHOOK_HOST=0.0.0.0 \
    ORKET_WEBHOOK_PORT=8080 \
    ORKET_PROJECT=/project \
    ORKET_STATE_DIR=/state

USER 10001:10001
WORKDIR /project
VOLUME ["/project", "/state"]
EXPOSE 8082 8080
STOPSIGNAL SIGTERM

# Each attempt is a Node of its own; it may wait for a loaded machine, and is not made often.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "/opt/orket/healthcheck.js"]

ENTRYPOINT ["node", "/opt/orket/bin/orket"]
CMD ["serve"]
