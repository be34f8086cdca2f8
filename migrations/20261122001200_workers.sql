-- The last heartbeat of each worker.
create table workers (
    id uuid primary key,
    epoch bigint not null,
    release text not null,
    applied_version bigint not null,
    applied_hash bigint not null,
    refused jsonb not null,
    internal_url text not null,
    draining boolean not null,
    seen_at timestamptz not null
);
create index on workers (seen_at);

grant select, insert, update, delete on workers to sluicegate_system;
