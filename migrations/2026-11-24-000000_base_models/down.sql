DROP TABLE service_keys;
DROP TABLE base_models;
