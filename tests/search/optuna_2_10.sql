-- What Optuna 2.10.1 writes for four trials of a search, the last of which is still running
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v2.6.0.a');
CREATE TABLE studies (
  study_id INTEGER NOT NULL,
  study_name VARCHAR(512) NOT NULL,
  PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'search');
CREATE TABLE study_directions (
  study_direction_id INTEGER NOT NULL,
  direction VARCHAR(8) NOT NULL,
  study_id INTEGER NOT NULL,
  objective INTEGER NOT NULL,
  PRIMARY KEY (study_direction_id),
  UNIQUE (study_id, objective),
  FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MINIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MAXIMIZE',1,1);
CREATE TABLE study_system_attributes (
  study_system_attribute_id INTEGER NOT NULL,
  study_id INTEGER,
  "key" VARCHAR(512),
  value_json TEXT,
  PRIMARY KEY (study_system_attribute_id),
  UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
  study_user_attribute_id INTEGER NOT NULL,
  study_id INTEGER,
  "key" VARCHAR(512),
  value_json TEXT,
  PRIMARY KEY (study_user_attribute_id),
  UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE trial_heartbeats (
  trial_heartbeat_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,
  heartbeat DATETIME NOT NULL,
  PRIMARY KEY (trial_heartbeat_id),
  UNIQUE (trial_id),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
  trial_intermediate_value_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  intermediate_value FLOAT NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id),
  UNIQUE (trial_id, step),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
  param_id INTEGER NOT NULL,
  trial_id INTEGER,
  param_name VARCHAR(512),
  param_value FLOAT,
  distribution_json TEXT,
  PRIMARY KEY (param_id),
  UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'model.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["Tanh", "ReLU"]}}');
INSERT INTO "trial_params" VALUES(2,1,'model.num_layers',3.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 9, "step": 1}}');
INSERT INTO "trial_params" VALUES(3,1,'model.channels',3.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 32, "step": 1}}');
INSERT INTO "trial_params" VALUES(4,1,'lr',1.43570641896940374981e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 0.0001, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(5,1,'momentum',7.92419880196757464574e-01,'{"name": "UniformDistribution", "attributes": {"low": 0.5, "high": 1.0}}');
INSERT INTO "trial_params" VALUES(6,2,'model.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["Tanh", "ReLU"]}}');
INSERT INTO "trial_params" VALUES(7,2,'model.num_layers',9.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 9, "step": 1}}');
INSERT INTO "trial_params" VALUES(8,2,'model.channels',1.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 32, "step": 1}}');
INSERT INTO "trial_params" VALUES(9,2,'lr',7.43498961937341510709e-04,'{"name": "LogUniformDistribution", "attributes": {"low": 0.0001, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(10,2,'momentum',0.845163128989857,'{"name": "UniformDistribution", "attributes": {"low": 0.5, "high": 1.0}}');
INSERT INTO "trial_params" VALUES(11,3,'model.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["Tanh", "ReLU"]}}');
INSERT INTO "trial_params" VALUES(12,3,'model.num_layers',9.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 9, "step": 1}}');
INSERT INTO "trial_params" VALUES(13,3,'model.channels',19.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 32, "step": 1}}');
INSERT INTO "trial_params" VALUES(14,3,'lr',1.59166719566667773377e-02,'{"name": "LogUniformDistribution", "attributes": {"low": 0.0001, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(15,3,'momentum',5.25978741073704236796e-01,'{"name": "UniformDistribution", "attributes": {"low": 0.5, "high": 1.0}}');
INSERT INTO "trial_params" VALUES(16,4,'model.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["Tanh", "ReLU"]}}');
INSERT INTO "trial_params" VALUES(17,4,'model.num_layers',4.0,'{"name": "IntUniformDistribution", "attributes": {"low": 2, "high": 9, "step": 1}}');
INSERT INTO "trial_params" VALUES(18,4,'model.channels',7.0,'{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 32, "step": 1}}');
INSERT INTO "trial_params" VALUES(19,4,'lr',0.000897394443609234,'{"name": "LogUniformDistribution", "attributes": {"low": 0.0001, "high": 0.1}}');
INSERT INTO "trial_params" VALUES(20,4,'momentum',8.45654395313581219717e-01,'{"name": "UniformDistribution", "attributes": {"low": 0.5, "high": 1.0}}');
CREATE TABLE trial_system_attributes (
  trial_system_attribute_id INTEGER NOT NULL,
  trial_id INTEGER,
  "key" VARCHAR(512),
  value_json TEXT,
  PRIMARY KEY (trial_system_attribute_id),
  UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
  trial_user_attribute_id INTEGER NOT NULL,
  trial_id INTEGER,
  "key" VARCHAR(512),
  value_json TEXT,
  PRIMARY KEY (trial_user_attribute_id),
  UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'worker','"me"');
INSERT INTO "trial_user_attributes" VALUES(2,1,'chosen','["model.num_layers=3", "model.channels=3"]');
INSERT INTO "trial_user_attributes" VALUES(3,1,'candidate','"a"');
INSERT INTO "trial_user_attributes" VALUES(4,1,'verdict','"ok"');
INSERT INTO "trial_user_attributes" VALUES(5,2,'worker','"me"');
INSERT INTO "trial_user_attributes" VALUES(6,2,'chosen','["model.num_layers=9", "model.channels=1"]');
INSERT INTO "trial_user_attributes" VALUES(7,2,'candidate','"b"');
INSERT INTO "trial_user_attributes" VALUES(8,2,'verdict','"ok"');
INSERT INTO "trial_user_attributes" VALUES(9,3,'worker','"me"');
INSERT INTO "trial_user_attributes" VALUES(10,3,'chosen','["model.num_layers=9", "model.channels=19"]');
INSERT INTO "trial_user_attributes" VALUES(11,3,'candidate','"c"');
INSERT INTO "trial_user_attributes" VALUES(12,3,'verdict','"failed"');
INSERT INTO "trial_user_attributes" VALUES(13,4,'worker','"me"');
INSERT INTO "trial_user_attributes" VALUES(14,4,'chosen','["model.num_layers=4", "model.channels=7"]');
INSERT INTO "trial_user_attributes" VALUES(15,4,'candidate','"d"');
CREATE TABLE trial_values (
  trial_value_id INTEGER NOT NULL,
  trial_id INTEGER NOT NULL,
  objective INTEGER NOT NULL,
  value FLOAT NOT NULL,
  PRIMARY KEY (trial_value_id),
  UNIQUE (trial_id, objective),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,0.1);
INSERT INTO "trial_values" VALUES(2,1,1,4.0);
INSERT INTO "trial_values" VALUES(3,2,0,0.2);
INSERT INTO "trial_values" VALUES(4,2,1,8.0);
CREATE TABLE trials (
  trial_id INTEGER NOT NULL,
  number INTEGER,
  study_id INTEGER,
  state VARCHAR(8) NOT NULL,
  datetime_start DATETIME,
  datetime_complete DATETIME,
  PRIMARY KEY (trial_id),
  FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-27 07:32:08.306870','2026-11-27 07:32:08.343353');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-27 07:32:08.352278','2026-11-27 07:32:08.382415');
INSERT INTO "trials" VALUES(3,2,1,'FAIL','2026-11-27 07:32:08.389134','2026-11-27 07:32:08.417160');
INSERT INTO "trials" VALUES(4,3,1,'RUNNING','2026-11-27 07:32:08.422843',NULL);
CREATE TABLE version_info (
  version_info_id INTEGER NOT NULL,
  schema_version INTEGER,
  library_version VARCHAR(256),
  PRIMARY KEY (version_info_id),
  CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'2.10.1');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
COMMIT;
