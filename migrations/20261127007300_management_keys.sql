-- Keys by which programs manage an organization. Only keyed digests of their secrets are stored; a revoked key keeps its
-- row, because the audit trail names it.
create table management_keys (
    id uuid primary key,
    organization_id uuid not null references organizations,
    name text not null,
    hint text not null,
    digest bytea not null unique check (octet_length(digest) = 32),
    role text not null check (role in ('viewer', 'developer', 'admin', 'owner')),
    expires_at timestamptz,
    last_used_at timestamptz,
    revision bigint not null default 1,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index on management_keys (organization_id, id);

select sluicegate_isolate('management_keys');
grant select, insert, update on management_keys to sluicegate_app;

-- Who may act for which organization, as what: its members, and its management keys.
create view grants with (security_invoker = true) as
    select user_id as principal_id, organization_id, role from memberships
    union all
    select id, organization_id, role from management_keys where revoked_at is null;
grant select on grants to sluicegate_system;

alter table audit_events drop constraint audit_events_actor_kind_check;
alter table audit_events add check (actor_kind in ('user', 'system', 'management_key', 'api_key'));

-- Keys repeat requests as people do.
alter table idempotency_keys drop constraint idempotency_keys_user_id_fkey;
alter table idempotency_keys rename column user_id to principal_id;
drop policy tenant_rows on idempotency_keys;
create policy tenant_rows on idempotency_keys to sluicegate_app
    using (principal_id = sluicegate_current_user() or organization_id = sluicegate_current_organization())
    with check (principal_id = sluicegate_current_user() or organization_id = sluicegate_current_organization());
