/**
 * The first schema. Rows that are polled and counted (`request`, `trial`) are narrow; what is long stands beside them.
 * Words are stored as their place in the lists of codes.ts. Times are milliseconds since the epoch.
 */
export const init = `
-- Models, task types, lease owners and experiment names, by number.
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

-- Grows whenever numbers that other processes remember may have gone.
CREATE TABLE sweep (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
INSERT INTO sweep VALUES (1, 0);

-- Texts by content: fixed pieces of prompts, long expected answers and predictions.
CREATE TABLE body (id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, data ANY NOT NULL) STRICT;

CREATE TABLE run (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  file TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  status TEXT NOT NULL,
  stop_reason TEXT,
  owner TEXT,
  dataset_hash TEXT NOT NULL,
  models TEXT NOT NULL,
  variants TEXT NOT NULL,
  scorers TEXT NOT NULL,
  settings TEXT NOT NULL,
  experiment ANY NOT NULL,
  verdict ANY,
  summary ANY,
  row_order BLOB NOT NULL
) STRICT;
CREATE INDEX run_file ON run (file);

CREATE TABLE decision (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  model TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  row INTEGER NOT NULL,
  variant TEXT,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  numbers TEXT NOT NULL,
  at INTEGER NOT NULL,
  UNIQUE (run, model, sequence)
) STRICT;

CREATE TABLE dataset (key INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE example (
  dataset INTEGER NOT NULL,
  position INTEGER NOT NULL,
  id TEXT NOT NULL,
  row INTEGER NOT NULL,
  line INTEGER NOT NULL,
  expected TEXT,
  fields TEXT NOT NULL,
  UNIQUE (dataset, position)
) STRICT;

-- What all requests of a variant have in common. 'skeleton' is the shape of the messages: for each a list of its role and,
-- in turn, the part and body of each piece; body 0 stands for the next of the request's own texts.
CREATE TABLE template (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  hash TEXT NOT NULL,
  skeleton TEXT NOT NULL,
  request ANY NOT NULL,
  response_schema ANY,
  UNIQUE (run, hash)
) STRICT;

CREATE TABLE request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  model INTEGER NOT NULL,
  task_type INTEGER NOT NULL,
  template INTEGER NOT NULL,
  complexity INTEGER NOT NULL,
  priority REAL NOT NULL,
  status INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  published_at INTEGER,
  lease_owner INTEGER,
  lease_until INTEGER,
  lease_ms INTEGER,
  source INTEGER,
  attempts INTEGER,
  error_class INTEGER,
  estimated_prompt_tokens INTEGER NOT NULL,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  cached_tokens INTEGER,
  tokens_estimated INTEGER,
  cost REAL,
  latency_ms REAL,
  first_token_ms REAL,
  queued_ms REAL
) STRICT;
-- Polling: pending by priority and age, with all that a claim is filtered by.
CREATE INDEX request_pending ON request (priority, id, run, model) WHERE status = 0;
CREATE INDEX request_held ON request (lease_owner) WHERE status = 1;
CREATE INDEX request_run ON request (run);
CREATE INDEX request_task_type ON request (task_type);
CREATE INDEX request_failed ON request (run) WHERE status = 3;
CREATE INDEX request_unpublished ON request (run) WHERE status >= 2 AND published_at IS NULL;
CREATE INDEX request_ended ON request (updated_at) WHERE status >= 2;

CREATE TABLE request_input (
  request INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  trials TEXT NOT NULL,
  texts ANY NOT NULL,
  context ANY
) STRICT;

CREATE TABLE request_result (
  request INTEGER PRIMARY KEY,
  error_message ANY,
  validation_errors ANY,
  raw ANY,
  parsed ANY,
  tool_calls ANY,
  served_model TEXT
) STRICT;

-- Clustered as it is read: row by row. 'prediction' and 'expected' hold at most their first 120 characters; the whole text
-- of a longer one is the body beside it.
CREATE TABLE trial (
  run INTEGER NOT NULL,
  position INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  repeat INTEGER NOT NULL,
  state INTEGER NOT NULL,
  score REAL,
  confidence REAL,
  prediction TEXT,
  prediction_body INTEGER,
  expected TEXT,
  expected_body INTEGER,
  example TEXT NOT NULL,
  request INTEGER,
  source INTEGER,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  latency_ms REAL,
  scores TEXT,
  PRIMARY KEY (run, position, variant, repeat)
) STRICT, WITHOUT ROWID;

-- Counts kept in the same commit as what they count: counting 170,000 rows takes a tenth of a second, these take nothing.
CREATE TABLE request_count (
  run INTEGER NOT NULL,
  model INTEGER NOT NULL,
  task_type INTEGER NOT NULL,
  status INTEGER NOT NULL,
  error_class INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (run, model, task_type, status, error_class)
) STRICT, WITHOUT ROWID;
CREATE TABLE variant_total (
  run INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  trials INTEGER NOT NULL DEFAULT 0,
  scored INTEGER NOT NULL DEFAULT 0,
  unparsable INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  void INTEGER NOT NULL DEFAULT 0,
  score_sum REAL NOT NULL DEFAULT 0,
  prompt_tokens INTEGER NOT NULL DEFAULT 0,
  completion_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0,
  cost REAL NOT NULL DEFAULT 0,
  unpriced INTEGER NOT NULL DEFAULT 0,
  from_cache INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, variant)
) STRICT, WITHOUT ROWID;

CREATE TABLE cache (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  model INTEGER NOT NULL,
  experiment INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  data ANY NOT NULL
) STRICT;
CREATE INDEX cache_used ON cache (used_at, id);
CREATE INDEX cache_group ON cache (model, experiment);
CREATE TABLE cache_total (
  model INTEGER NOT NULL,
  experiment INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  PRIMARY KEY (model, experiment)
) STRICT, WITHOUT ROWID;

CREATE TABLE state (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
`;
