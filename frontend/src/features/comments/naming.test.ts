import { expect, test } from "vitest";
import { candidates, named, naming, pieces } from "./naming";

const people = [
  { id: 1, username: "ana", name: "Ana" },
  { id: 2, username: "bo@plant.example", name: "Bo Juana" },
  { id: 3, username: "mira", name: "mira" },
];

test("a name is being typed behind an @ that stands alone", () => {
  expect(naming("look @An", 8)).toEqual({ from: 5, typed: "an" });
  expect(naming("@", 1)).toEqual({ from: 0, typed: "" });
  expect(naming("write to x@ana", 14)).toBeNull();
  expect(naming("look @ana there", 15)).toBeNull();
});

test("whose name begins so comes before whose name has it somewhere", () => {
  expect(candidates(people, "ana").map(({ id }) => id)).toEqual([1, 2]);
  expect(candidates(people, "zz")).toEqual([]);
});

test("the name goes where it was typed, with one space behind it", () => {
  expect(named("look @an there", 8, 5, "ana")).toEqual({ text: "look @ana there", caret: 10 });
});

test("only who was told is marked, and markup stays the text it is", () => {
  const text = "<script>@ana</script> @ana, @stranger x@ana @anabel";
  expect(pieces(text, ["ana"]).filter(({ isName }) => isName)).toHaveLength(2);
  expect(
    pieces(text, ["ana"])
      .map((one) => one.text)
      .join(""),
  ).toBe(text);
  expect(pieces("@a.b(c", ["a.b(c"])).toEqual([{ text: "@a.b(c", isName: true }]);
});
