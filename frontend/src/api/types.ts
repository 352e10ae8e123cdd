import type { Schemas } from "./client";

/** The schema's nouns under their own names. */
export type Session = Schemas["Session"];
export type Project = Schemas["Project"];
export type Video = Schemas["Video"];
export type VideoDetail = Schemas["VideoDetail"];
export type Sprite = NonNullable<Video["sprite"]>;
export type UnfinishedUpload = Schemas["Upload"];
export type Preset = Schemas["Preset"];
export type Run = Schemas["Run"];
export type RunRequest = Schemas["RunCreate"];
export type Annotation = Schemas["Annotation"];
export type RunKeep = Schemas["RunKeep"];
export type Stage = Schemas["Stage"];
export type Example = Schemas["Example"];
export type Comparison = Schemas["Comparison"];
export type Segment = Schemas["Segment"];
export type Cluster = Schemas["Cluster"];
export type Coherence = Schemas["Coherence"];
export type ClusterCoherence = Schemas["ClusterCoherence"];
export type PrimitiveSet = Schemas["PrimitiveSet"];
export type Group = Schemas["Group"];
export type SurgeryDone = Schemas["Done"];
export type VocabularyChange = Schemas["Change"];
export type Proposals = Schemas["Proposals"];
export type Transitions = Schemas["Transitions"];
export type Cycles = Schemas["Cycles"];
