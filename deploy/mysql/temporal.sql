-- Run once by the image, when the data folder is new. It has made the database and the user "temporal"; visibility
-- (the lists of executions) lives in a database of its own.
CREATE DATABASE temporal_visibility;
GRANT ALL ON temporal_visibility.* TO 'temporal'@'%';
