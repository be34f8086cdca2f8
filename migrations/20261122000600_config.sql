-- What workers serve from, and the gap-free log by which they learn of changes. The row lock on the head is held to
-- commit, so versions are gap-free and in commit order; a sequence would be neither.
create table config_head (
    only_row boolean primary key default true check (only_row),
    version bigint not null,
    state_hash bigint not null
);
insert into config_head (version, state_hash) values (0, 0);

-- The published state: one row per live entity. `organization_id` is null for platform entities (the catalog).
create table config_entities (
    kind text not null,
    id uuid not null,
    organization_id uuid,
    version bigint not null,
    blocked boolean not null,
    body text not null,
    hash bigint not null,
    primary key (kind, id)
);

-- The log: `body` null is a tombstone. `sent_at` is set by the relay after the broker confirmed.
create table config_outbox (
    version bigint primary key,
    organization_id uuid,
    kind text not null,
    id uuid not null,
    blocked boolean not null,
    body text,
    created_at timestamptz not null,
    sent_at timestamptz
);
create index config_outbox_unsent on config_outbox (version) where sent_at is null;
create index on config_outbox (created_at);

select sluicegate_isolate('config_entities');
select sluicegate_isolate('config_outbox');
grant select, update on config_head to sluicegate_app, sluicegate_system;
grant select, insert, update, delete on config_entities to sluicegate_app;
grant insert on config_outbox to sluicegate_app;
