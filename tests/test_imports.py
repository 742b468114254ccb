"""Who only wants the operators pays nothing for Keras: each import in a process of its own."""

import subprocess
import sys

import pytest

import deap_nas

HEAVY = "('tensorflow', 'keras', 'pandas', 'matplotlib', 'sklearn', 'joblib')"
LIGHT = {
    "package": "import deap_nas",
    "operators": "from deap_nas import cx_one_point, mut_gene, sel_roulette, PAPER_SPACE, "
    "parse_genome, accuracy_per_log_params; "
    "PAPER_SPACE.sample(); parse_genome('NC 4 3 relu;FL tanh')",
    "testing": "from deap_nas.testing import check_crossover",
    "tabular": "from deap_nas.tabular import TABLE_SPACE, TabularEvaluator",
    "cost": "from deap_nas import count_params, feature_maps, count_multiply_adds, Evaluation",
}


def run(code):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("code", LIGHT.values(), ids=LIGHT)
def test_nothing_heavy_is_imported(code):
    heavy = f"[name for name in {HEAVY} if name in sys.modules]"
    assert run(f"import sys; {code}; print({heavy})") == "[]"


def test_the_package_alone_imports_none_of_its_modules():
    ours = "[name for name in sys.modules if name.startswith('deap')]"
    assert run(f"import sys, deap_nas; print({ours})") == "['deap_nas']"


def test_nothing_is_put_into_deaps_creator():
    before = "from deap import creator; before = set(vars(creator))"
    use = (
        "from deap_nas import Genome, PAPER_SPACE, mut_gene; mut_gene(Genome(), space=PAPER_SPACE)"
    )
    assert run(f"{before}; {use}; print(set(vars(creator)) - before)") == "set()"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"deap_nas.*nonsense"):
        _ = deap_nas.nonsense


def test_names_load_once_and_are_listed():
    assert deap_nas.SearchSpace is deap_nas.spaces.space.SearchSpace
    assert {"SearchSpace", "cx_one_point", "__version__"} <= set(dir(deap_nas))
    assert set(dir(deap_nas)) == set(deap_nas.__all__)
