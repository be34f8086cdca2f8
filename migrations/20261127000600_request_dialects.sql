-- Which dialects a request went through, and what of it or of its answer could not be said in them. Null in rows of
-- older workers, and where nothing was lost.
alter table requests
    add column dialect text,
    add column upstream_dialect text,
    add column dropped text;
