// Bundles the editor: editor.js, editor.css, and the licences of the packages whose code is in it.
import { build } from "esbuild";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2] ?? "out";

const { metafile } = await build({
  entryPoints: [
    { in: "main.ts", out: "editor" },
    { in: "editor.css", out: "editor" },
  ],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});

const used = new Set();
for (const { inputs } of Object.values(metafile.outputs)) {
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = bytesInOutput > 0 && path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
    if (name) used.add(name);
  }
}

const told = [...used].sort().map((name) => {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${name} ships no licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
const head = "The editor bundle (editor.js) holds code of these npm packages.\n";
writeFileSync(join(out, "licences.txt"), [head, ...told].join(`\n${"-".repeat(72)}\n\n`));
