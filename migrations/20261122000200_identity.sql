-- People, their sessions, and the tenants they belong to.
create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    name text not null,
    password_hash text not null,
    created_at timestamptz not null
);

-- A session is a family of refresh tokens. The tokens themselves are not stored: each is a keyed hash over the
-- session, its generation and the salt, so only the current generation (or, for seconds, the one before) is good.
create table sessions (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    salt bytea not null check (octet_length(salt) = 32),
    generation integer not null default 0,
    rotated_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_because text check (ended_because in ('signed_out', 'reused')),
    check ((ended_at is null) = (ended_because is null))
);
create index on sessions (user_id);
create index on sessions (expires_at);

create table organizations (
    id uuid primary key,
    slug text not null unique,
    name text not null,
    status text not null default 'active' check (status in ('active', 'disabled')),
    data_key text not null,
    revision bigint not null default 1,
    created_at timestamptz not null
);

create table projects (
    id uuid primary key,
    organization_id uuid not null references organizations,
    slug text not null,
    name text not null,
    status text not null default 'active' check (status in ('active', 'disabled')),
    revision bigint not null default 1,
    created_at timestamptz not null,
    deleted_at timestamptz,
    unique (organization_id, id)
);
create unique index projects_slug on projects (organization_id, slug) where deleted_at is null;

create table memberships (
    id uuid primary key,
    organization_id uuid not null references organizations,
    user_id uuid not null references users on delete cascade,
    role text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
    revision bigint not null default 1,
    created_at timestamptz not null,
    constraint memberships_once unique (organization_id, user_id)
);
create index on memberships (user_id);

create table invites (
    id uuid primary key,
    organization_id uuid not null references organizations,
    email text not null check (email = lower(email)),
    role text not null check (role in ('owner', 'admin', 'developer', 'viewer')),
    token_hash bytea not null unique check (octet_length(token_hash) = 32),
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint invites_once unique (organization_id, email)
);

-- Counts attempts per window, for sign-in and sign-up; the key is a hash of what is throttled.
create table throttles (
    key bytea primary key check (octet_length(key) = 32),
    window_ends_at timestamptz not null,
    attempts integer not null
);
create index on throttles (window_ends_at);

select sluicegate_isolate('users', 'id = sluicegate_current_user() or exists (
    select from memberships
    where memberships.user_id = users.id and memberships.organization_id = sluicegate_current_organization()
)');
select sluicegate_isolate('sessions', 'user_id = sluicegate_current_user()');
select sluicegate_isolate('organizations', 'id = sluicegate_current_organization()');
select sluicegate_isolate('projects');
select sluicegate_isolate('memberships');
select sluicegate_isolate('invites');
select sluicegate_isolate('throttles', null);

grant select, insert on users to sluicegate_app;
grant insert on sessions to sluicegate_app;
grant select, insert, update on organizations, projects to sluicegate_app;
grant select, insert, update, delete on memberships, invites to sluicegate_app;
