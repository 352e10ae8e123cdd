import type { DatasetExport } from "../../api/types";

export type Kind = DatasetExport["kind"];

interface KindFacts {
  kind: Kind;
  name: string;
  /** Who reads it. */
  reader: string;
  /** What it needs beside Python. */
  needs: string;
  /** How to load it, once it is unpacked into `folder`. */
  load: (folder: string) => string;
}

export const KINDS: readonly KindFacts[] = [
  {
    kind: "lerobot",
    name: "LeRobot v3",
    reader: "For policies trained with the lerobot library: an episode a primitive, with video, codes and what is done in words.",
    needs: "pip install lerobot",
    load: (folder) => `from pathlib import Path
from lerobot.datasets.lerobot_dataset import LeRobotDataset

# Videos of several views become a data set each.
root = sorted(Path("${folder}").glob("**/meta/info.json"))[0].parents[1]
dataset = LeRobotDataset(f"kineme/{root.name}", root=root)
frame = dataset[0]
print(dataset.meta.total_episodes, frame["task"], frame.keys())`,
  },
  {
    kind: "language_action",
    name: "Language-action episodes",
    reader: "For pre-training on language and motion alone, as LA4VLA does: instructions and latent actions, no pictures.",
    needs: "pip install pyarrow",
    load: (folder) => `import json
from pathlib import Path
import pyarrow.dataset as ds

root = Path("${folder}")
info = json.loads((root / "meta/info.json").read_text())
steps = ds.dataset(root / "data", format="parquet").to_table()
print(info["total_episodes"], steps.num_rows, steps.column_names)`,
  },
  {
    kind: "webdataset",
    name: "WebDataset",
    reader: "For large-scale training that streams: tar shards, each sample a clip, its codes and its facts.",
    needs: "pip install webdataset",
    load: (folder) => `import glob
import webdataset as wds

shards = sorted(glob.glob("${folder}/shards/train-*.tar"))
for sample in wds.WebDataset(shards, shardshuffle=False).decode():
    print(sample["__key__"], sample["json"]["label"], sample["codes.npy"])
    clip = sample["mp4"]  # bytes`,
  },
  {
    kind: "activitynet",
    name: "ActivityNet JSON and CSV",
    reader: "For evaluation tools of temporal action detection, and for spreadsheets: intervals and labels.",
    needs: "",
    load: (folder) => `import json

with open("${folder}/annotations.json", encoding="utf-8") as file:
    database = json.load(file)["database"]
for key, video in database.items():
    for one in video["annotations"]:
        print(key, video["subset"], one["segment"], one["label"])`,
  },
  {
    kind: "laps",
    name: "LAPS clips and codes",
    reader: "For tools made around the official LAPS code: clips with codes.json, in its layout.",
    needs: "",
    load: (folder) => `import json
from pathlib import Path

for path in sorted(Path("${folder}").glob("*/code_indices/*.codes.json")):
    facts = json.loads(path.read_text())
    codes = [code for row in facts["codes_windows"] for code in row]
    print(facts["video_segment_path"], codes)`,
  },
];

export const kindOf = (kind: Kind): KindFacts => KINDS.find((one) => one.kind === kind)!;

/** The folder that unpacking makes: named after what decides the bytes. */
export const folderOf = ({ kind, version_number }: Pick<DatasetExport, "kind" | "version_number">): string =>
  `${kind.replaceAll("_", "-")}-v${version_number}`;

/** From the file that was fetched to the first sample. */
export function snippetOf(made: DatasetExport): string {
  const facts = kindOf(made.kind);
  const folder = folderOf(made);
  const shell = [`# sha256sum ${made.filename}`, `# ${made.sha256}`, `# tar -xf ${made.filename}`, facts.needs ? `# ${facts.needs}` : ""];
  return `${shell.filter(Boolean).join("\n")}\n${facts.load(folder)}`;
}
