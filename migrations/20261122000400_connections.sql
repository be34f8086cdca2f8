-- Credentialed accounts at providers. The credential is sealed with the organization's data key.
create table connections (
    id uuid primary key,
    organization_id uuid not null,
    project_id uuid not null,
    slug text not null,
    provider text not null,
    base_url text not null,
    credential text,
    credential_hint text,
    status text not null default 'active' check (status in ('active', 'disabled')),
    priority integer not null default 0,
    last_test jsonb,
    revision bigint not null default 1,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id),
    foreign key (organization_id, project_id) references projects (organization_id, id)
);
create unique index connections_slug on connections (project_id, slug) where deleted_at is null;
create index on connections (project_id, id);

select sluicegate_isolate('connections');
grant select, insert, update on connections to sluicegate_app;
