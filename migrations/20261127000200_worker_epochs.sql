-- How far the lives of each worker are known: `last_epoch` is the latest heard of, and of every epoch below
-- `settled_below` all records are stored; `closed_below` tells how far the store of budgets knows. Kept when the worker is long gone: what its epochs hold rests on it.
create table worker_epochs (
    worker_id uuid primary key,
    last_epoch bigint not null,
    settled_below bigint not null,
    closed_below bigint not null default 0
);

grant select, insert, update, delete on worker_epochs to sluicegate_system;
