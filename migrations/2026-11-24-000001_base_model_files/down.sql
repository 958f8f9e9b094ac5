DROP TABLE base_model_files;
