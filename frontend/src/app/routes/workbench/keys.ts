import type { Player } from "../../../components/player/usePlayer";
import type { Drafting } from "../../../features/cutting/useDraft";
import type { PlaybackClock } from "../../../lib/clock";
import type { KeyBinding } from "../../../lib/keys";
import type { TimeAxis } from "../../../lib/timeAxis";
import type { Editing } from "./useEditing";
import type { View } from "./view";

interface Hands {
  player: Player;
  clock: PlaybackClock;
  axis: TimeAxis;
  durationS: number;
  fps: number;
  next: () => void;
  previous: () => void;
  toEdge: (direction: -1 | 1) => void;
  toEnd: (edge: "start" | "end") => void;
  toggleLoop: () => void;
  zoomToPicked: () => void;
  editing: Editing;
  drafting: Drafting;
  view: View;
  onView: (change: Partial<View>) => void;
  findSimilar: () => void;
  playRange: () => void;
  explain: () => void;
  detector: () => void;
  escape: () => void;
  sheet: () => void;
}

/** Every key of the page, as its sheet lists them. */
export function workbenchKeys(hands: Hands): KeyBinding[] {
  const { player, clock, axis, editing, drafting, view, onView } = hands;
  return [
    { keys: [" "], shown: "space", does: "play, pause", run: player.toggle },
    { keys: ["ArrowLeft"], shift: false, shown: "←", does: "back one frame", run: () => player.step(-1) },
    { keys: ["ArrowRight"], shift: false, shown: "→", does: "forward one frame", run: () => player.step(1) },
    { keys: ["ArrowLeft"], shift: true, shown: "shift ←", does: "back one second", run: () => player.seekBy(-1) },
    { keys: ["ArrowRight"], shift: true, shown: "shift →", does: "forward one second", run: () => player.seekBy(1) },
    { keys: ["j"], shown: "J", does: "play backwards; again, faster", run: () => player.shuttle(-1) },
    { keys: ["k"], shown: "K", does: "stop", run: player.pause },
    { keys: ["l"], shown: "L", does: "play forwards; again, faster", run: () => player.shuttle(1) },
    { keys: ["<", ","], shown: "<", does: "slower", run: () => player.changeRate(-1) },
    { keys: [">", "."], shown: ">", does: "faster", run: () => player.changeRate(1) },
    { keys: ["Home"], shown: "home", does: "to the start", run: () => clock.set(0) },
    { keys: ["End"], shown: "end", does: "to the end", run: () => clock.set(hands.durationS - 0.5 / hands.fps) },

    { keys: ["ArrowUp"], shown: "↑", does: "previous primitive", run: hands.previous },
    { keys: ["ArrowDown"], shown: "↓", does: "next primitive", run: hands.next },
    { keys: ["a"], shown: "A", does: "to its start", run: () => hands.toEnd("start") },
    { keys: ["d"], shown: "D", does: "to its end", run: () => hands.toEnd("end") },
    { keys: ["o"], shown: "O", does: "loop the primitive", run: hands.toggleLoop },
    { keys: ["x"], shown: "X", does: "explain its cuts", run: hands.explain },
    { keys: ["c"], shown: "C", does: "the detector", run: hands.detector },

    { keys: ["["], shown: "[", does: "take the edge before in hand", run: () => hands.toEdge(-1) },
    { keys: ["]"], shown: "]", does: "take the edge after in hand", run: () => hands.toEdge(1) },
    { keys: ["{"], shown: "shift [", does: "nudge the edge a frame earlier", run: () => editing.nudge(-1) },
    { keys: ["}"], shown: "shift ]", does: "nudge the edge a frame later", run: () => editing.nudge(1) },
    { keys: ["b"], shown: "B", does: "snap the edge to the energy's nearest minimum", run: () => editing.snap("minimum") },
    { keys: ["t"], shown: "T", does: "snap it to the nearest crossing of θ", run: () => editing.snap("threshold") },
    { keys: ["g"], shown: "G", does: "snap it to the nearest frame", run: () => editing.snap("frame") },
    { keys: ["s"], shown: "S", does: "split at the playhead", run: editing.split },
    { keys: ["m"], shown: "M", does: "merge with the next", run: editing.merge },
    { keys: ["Delete", "Backspace"], shown: "del", does: "delete the primitive", run: editing.remove },
    { keys: ["n"], shown: "N", does: "new primitive from the range", run: editing.add },
    { keys: ["z"], shift: true, shown: "shift Z", does: "redo", run: drafting.redo },
    { keys: ["z"], shift: false, shown: "Z", does: "undo", run: drafting.undo },

    { keys: ["i"], shown: "I", does: "find what moves like the range", run: hands.findSimilar },
    { keys: ["p"], shown: "P", does: "play the range in a loop", run: hands.playRange },

    { keys: ["e"], shown: "E", does: "raw energy", run: () => onView({ raw: !view.raw }) },
    { keys: ["y"], shown: "Y", does: "latent action energy", run: () => onView({ latent: !view.latent }) },
    { keys: ["v"], shown: "V", does: "velocity", run: () => onView({ velocity: !view.velocity }) },
    { keys: ["w"], shown: "W", does: "optical flow", run: () => onView({ flow: !view.flow }) },
    { keys: ["+", "="], shown: "+", does: "zoom in at the playhead", run: () => axis.zoomAt(clock.time, 1.6) },
    { keys: ["-"], shown: "−", does: "zoom out", run: () => axis.zoomAt(clock.time, 1 / 1.6) },
    { keys: ["f"], shift: false, shown: "F", does: "the whole video", run: () => axis.fit() },
    { keys: ["f"], shift: true, shown: "shift F", does: "as wide as the primitive", run: hands.zoomToPicked },
    { keys: ["Escape"], shown: "esc", does: "select nothing", run: hands.escape },
    { keys: ["?"], shown: "?", does: "this sheet", run: hands.sheet },
  ];
}
