/** What the timeline shows. */
export interface View extends Record<string, boolean> {
  raw: boolean;
  smoothed: boolean;
  thresholds: boolean;
  latent: boolean;
  velocity: boolean;
  flow: boolean;
  review: boolean;
}

export const VIEW: View = { raw: true, smoothed: true, thresholds: true, latent: true, velocity: false, flow: false, review: true };
