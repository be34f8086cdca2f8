-- The memory of the fast store of budgets, counted: a store that forgot begins the next one.
create table budget_generations (
    organization_id uuid primary key,
    number bigint not null
);

select sluicegate_isolate('budget_generations', null);
