-- Where the values of a signal are fetched from, instead of being pushed.
create table signal_sources (
    id uuid primary key,
    organization_id uuid not null,
    project_id uuid not null,
    -- Of the signal, which need not be there yet.
    name text not null,
    url text not null,
    -- Where in the answer the value is, as a JSON pointer.
    pointer text not null,
    -- What is sent as the header of this name, sealed with the organization's data key.
    "authorization" text,
    every_seconds integer not null check (every_seconds > 0),
    ttl_seconds integer not null check (ttl_seconds > 0),
    next_fetch_at timestamptz not null,
    last_fetch_at timestamptz,
    -- Why the last fetch brought no value.
    last_error text,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    constraint signal_sources_once unique (project_id, name),
    foreign key (organization_id, project_id) references projects (organization_id, id)
);
create index on signal_sources (next_fetch_at);

select sluicegate_isolate('signal_sources');
grant select, insert, update, delete on signal_sources to sluicegate_app;
