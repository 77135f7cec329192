"""What a sweep is told of its space does not reach the runs: one that was promoted has none."""

from types import SimpleNamespace

from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from voxnas.search.sweepers.base import StudySweeper

OF_THE_SWEEP = ["hydra.sweeper.space.only=[wavenet,lstm]", "+hydra.sweeper.space.families.lstm.units=[4,8]"]
OF_RUNS = ["hydra.launcher.n_jobs=2", "hydra.job.chdir=false"]


class Watched(StudySweeper):
    """Keeps the overrides that its launcher would add to those of every job."""

    def search(self, arguments):
        self.reached = list(self.runner.launcher.config.hydra.overrides.hydra)
        return []


def test_settings_of_a_space_stay_with_the_sweep(tmp_path, monkeypatch):
    plugins = SimpleNamespace(instantiate_launcher=lambda config, **_: SimpleNamespace(config=config))
    monkeypatch.setattr(Plugins, "instance", lambda: plugins)
    hydra = {"sweep": {"dir": str(tmp_path)}, "job": {"env_set": {}}}
    hydra["overrides"] = {"hydra": [*OF_THE_SWEEP, *OF_RUNS]}
    config = OmegaConf.create({"hydra": hydra, "debug": False})
    sweeper = Watched()
    sweeper.setup(hydra_context=None, task_function=None, config=config)
    sweeper.sweep([])
    assert sweeper.reached == OF_RUNS
