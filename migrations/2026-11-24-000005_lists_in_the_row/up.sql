-- Short rows keep the cards apart, but took the lists along: what filters or counts by them had to fetch them one by one.
-- MAIN keeps them in the row as long as it fits a page. A row that was written before moves when it is next changed.
ALTER TABLE base_models
    ALTER COLUMN tags SET STORAGE MAIN,
    ALTER COLUMN tag_keys SET STORAGE MAIN,
    ALTER COLUMN architectures SET STORAGE MAIN,
    ALTER COLUMN architecture_keys SET STORAGE MAIN,
    ALTER COLUMN languages SET STORAGE MAIN,
    ALTER COLUMN capabilities SET STORAGE MAIN,
    ALTER COLUMN name_words SET STORAGE MAIN;

-- As the facts' own step sets them now; a database that was there earlier has lower ones.
ALTER TABLE base_models ALTER COLUMN name_words SET STATISTICS 500;
ALTER INDEX base_models_words ALTER COLUMN 1 SET STATISTICS 500;
