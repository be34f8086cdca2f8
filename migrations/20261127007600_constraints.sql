-- What every endpoint must satisfy that serves a call of the organization, the project or the key, as a document. The release
-- before this one does not read the columns; rows it writes state nothing.
alter table organizations add column constraints jsonb not null default '{}' check (jsonb_typeof(constraints) = 'object');
alter table projects add column constraints jsonb not null default '{}' check (jsonb_typeof(constraints) = 'object');
alter table api_keys add column constraints jsonb not null default '{}' check (jsonb_typeof(constraints) = 'object');
