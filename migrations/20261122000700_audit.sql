-- Who did what. Each organization's events form a hash chain: hash = SHA-256(prev_hash | canonical event | seq),
-- appended under the lock on the chain's head. The nil organization is the platform's own chain.
create table audit_heads (
    organization_id uuid primary key,
    seq bigint not null,
    hash bytea not null check (octet_length(hash) = 32)
);

create table audit_events (
    organization_id uuid not null,
    seq bigint not null,
    id uuid not null unique,
    at timestamptz not null,
    actor_kind text not null check (actor_kind in ('user', 'system')),
    actor text not null,
    action text not null,
    target text not null,
    detail text not null,
    request_id text,
    address text,
    prev_hash bytea not null check (octet_length(prev_hash) = 32),
    hash bytea not null check (octet_length(hash) = 32),
    primary key (organization_id, seq)
);

-- Answers already given to requests that carried an Idempotency-Key, sealed with the organization's data key.
create table idempotency_keys (
    user_id uuid not null references users on delete cascade,
    key text not null,
    organization_id uuid not null references organizations,
    operation text not null,
    request_hash bytea not null check (octet_length(request_hash) = 32),
    response text not null,
    -- What the change led to; known only when it is published, so not part of the sealed response.
    config_version bigint,
    created_at timestamptz not null,
    primary key (user_id, key)
);
create index on idempotency_keys (created_at);

select sluicegate_isolate('audit_heads');
select sluicegate_isolate('audit_events');
select sluicegate_isolate('idempotency_keys', 'user_id = sluicegate_current_user()');
grant select, insert, update on audit_heads to sluicegate_app;
grant select, insert on audit_events to sluicegate_app;
grant select, insert, delete on idempotency_keys to sluicegate_app;

-- Audit events are only ever appended, also by the system role.
revoke update, delete on audit_events from sluicegate_system;
