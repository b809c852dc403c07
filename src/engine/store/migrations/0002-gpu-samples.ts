/** What the graphics cards held while a run went on. Keyed as it is read: a run's samples in the order of time. */
export const gpuSamples = `
CREATE TABLE gpu_sample (
  run INTEGER NOT NULL,
  at INTEGER NOT NULL,
  device TEXT NOT NULL,
  used_bytes INTEGER NOT NULL,
  total_bytes INTEGER,
  PRIMARY KEY (run, at, device)
) STRICT, WITHOUT ROWID;
`;
