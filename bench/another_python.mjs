// The pure core under another Python: the same words, seed and person give the same bytes.
//
//   npm install pyodide && node bench/another_python.mjs SITE-PACKAGES > there.jsonl
//   python bench/another_python.py > here.jsonl && cmp here.jsonl there.jsonl
//
// Detection by cues alone (onnxruntime has no build for this Python); patient, dynamics, replies and text are the same code.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { dirname, resolve } from "node:path";

const require = createRequire(process.cwd() + "/");
const { loadPyodide } = require("pyodide");
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const python = await loadPyodide();
for (const [there, here] of [["/root", root], ["/site", process.argv[2]]]) {
  python.FS.mkdir(there);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: resolve(here) }, there);
}
python.runPython(`
import sys
sys.path[:0] = ["/root", "/site"]
import importlib.util, runpy
spec = importlib.util.spec_from_file_location("jellyfish._rustyfish", "/site/jellyfish/_jellyfish.py")
sys.modules["jellyfish._rustyfish"] = plain = importlib.util.module_from_spec(spec)  # jellyfish without its Rust
spec.loader.exec_module(plain)
print(sys.version, file=sys.stderr)
runpy.run_path("/root/bench/another_python.py", run_name="__main__")
`);
