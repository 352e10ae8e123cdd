import { useParams } from "react-router";

/** Thrown by a screen whose address names nothing. */
export class NoSuchPage extends Error {}

/** A number of the path. With anything else there the address is no page: the route's error screen says so. */
export function useIdParam(name: string): number {
  const text = useParams()[name];
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new NoSuchPage(`${name} is not a number`);
  return Number(text);
}
