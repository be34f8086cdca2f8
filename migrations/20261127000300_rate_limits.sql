-- Limits of requests, tokens and concurrency. The scope is kept as it is published; the columns beside it hold what it
-- refers to in place.
create table rate_limits (
    id uuid primary key,
    organization_id uuid not null references organizations,
    project_id uuid,
    api_key_id uuid,
    scope jsonb not null,
    metric text not null check (metric in ('requests', 'input_tokens', 'output_tokens', 'concurrency')),
    amount bigint not null check (amount > 0),
    burst bigint not null check (burst > 0),
    status text not null default 'active' check (status in ('active', 'disabled')),
    revision bigint not null default 1,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, project_id) references projects (organization_id, id),
    foreign key (organization_id, api_key_id) references api_keys (organization_id, id)
);
create index on rate_limits (organization_id, id) where deleted_at is null;
create index on rate_limits (project_id) where deleted_at is null;

select sluicegate_isolate('rate_limits');
grant select, insert, update on rate_limits to sluicegate_app;
