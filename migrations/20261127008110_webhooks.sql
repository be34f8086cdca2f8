-- Where an organization is told of events. The secret that messages are signed with is sealed with its data key.
create table webhooks (
    id uuid primary key,
    organization_id uuid not null references organizations,
    name text not null,
    url text not null,
    secret text not null,
    status text not null default 'active' check (status in ('active', 'disabled')),
    -- Why the product switched it off: its receiver is gone, or failed too often.
    disabled_reason text check (disabled_reason in ('gone', 'gave_up')),
    revision bigint not null default 1,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id)
);
create index on webhooks (organization_id, id) where deleted_at is null;

-- What is to be sent, and what became of it. Written in the transaction of the event, sent after it, at least once.
create table webhook_deliveries (
    id uuid primary key,
    organization_id uuid not null,
    webhook_id uuid not null,
    -- The same in every repeat, so that receivers can tell.
    event_id text not null,
    event_type text not null,
    -- As it is signed and sent.
    body text not null,
    attempts integer not null default 0,
    -- Null when there is nothing left to try.
    next_attempt_at timestamptz,
    last_attempt_at timestamptz,
    last_status integer,
    last_error text,
    delivered_at timestamptz,
    created_at timestamptz not null,
    unique (webhook_id, event_id),
    foreign key (organization_id, webhook_id) references webhooks (organization_id, id)
);
create index on webhook_deliveries (next_attempt_at) where next_attempt_at is not null;
create index on webhook_deliveries (webhook_id, id);
create index on webhook_deliveries (created_at);

select sluicegate_isolate('webhooks');
select sluicegate_isolate('webhook_deliveries');
grant select, insert, update on webhooks to sluicegate_app;
grant select, insert, update on webhook_deliveries to sluicegate_app;
