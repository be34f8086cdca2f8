-- What the caller said about itself: for whom, in which session, with which tags. Empty in rows of older workers.
alter table requests
    add column end_user text,
    add column session text,
    add column tags text[] not null default '{}';
