-- The two roles the control plane works as, and the function by which a table becomes a tenant's.
-- Roles belong to the cluster, and several databases may migrate at once: losing that race is not an error.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['sluicegate_app', 'sluicegate_system'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            begin
                execute format('create role %I nologin nosuperuser nobypassrls', role_name);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        if not pg_has_role(current_user, role_name, 'member') then
            begin
                execute format('grant %I to %I', role_name, current_user);
            exception when unique_violation then
                null;
            end;
        end if;
    end loop;
end
$$;

grant usage on schema public to sluicegate_app, sluicegate_system;

create function sluicegate_current_organization() returns uuid
    language sql stable
    return nullif(current_setting('app.organization', true), '')::uuid;

create function sluicegate_current_user() returns uuid
    language sql stable
    return nullif(current_setting('app.user', true), '')::uuid;

-- Gives every row to the system role and, when `tenant_rows` is given, the rows it selects to the application role.
-- FORCE binds the table's owner as well.
create function sluicegate_isolate(
    target regclass,
    tenant_rows text default 'organization_id = sluicegate_current_organization()'
) returns void
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy system_rows on %s to sluicegate_system using (true) with check (true)', target);
    execute format('grant select, insert, update, delete on %s to sluicegate_system', target);
    if tenant_rows is not null then
        execute format(
            'create policy tenant_rows on %s to sluicegate_app using (%s) with check (%s)',
            target, tenant_rows, tenant_rows
        );
    end if;
end
$$;

revoke execute on function sluicegate_isolate(regclass, text) from public;
