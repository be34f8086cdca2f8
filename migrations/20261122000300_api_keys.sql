-- Inference keys. Only keyed digests of their secrets are stored; a revoked key keeps its row for the request log.
create table api_keys (
    id uuid primary key,
    organization_id uuid not null,
    project_id uuid not null,
    name text not null,
    hint text not null,
    digest bytea not null unique check (octet_length(digest) = 32),
    previous_digest bytea unique check (octet_length(previous_digest) = 32),
    previous_valid_until timestamptz,
    status text not null default 'active' check (status in ('active', 'disabled')),
    allowed_models text[] not null default '{}',
    expires_at timestamptz,
    last_used_at timestamptz,
    revision bigint not null default 1,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    check ((previous_digest is null) = (previous_valid_until is null)),
    unique (organization_id, id),
    foreign key (organization_id, project_id) references projects (organization_id, id)
);
create index on api_keys (project_id, id);

select sluicegate_isolate('api_keys');
grant select, insert, update on api_keys to sluicegate_app;
