"""The public names, for type checkers and, by lazy_loader, for imports on first use."""

from .algorithms import (
    ea_generational as ea_generational,
    ea_local_search as ea_local_search,
    ea_mu_plus_lambda as ea_mu_plus_lambda,
    ea_nsga2 as ea_nsga2,
    ea_preselected as ea_preselected,
    ea_regularized as ea_regularized,
    ea_steady_state as ea_steady_state,
    sel_crowded_tournament as sel_crowded_tournament,
)
from .data import (
    DataError as DataError,
    Dataset as Dataset,
    load_dataset as load_dataset,
)
from .evaluation.dask import (
    DaskBackend as DaskBackend,
)
from .evaluation.evaluator import (
    GeneralEvaluator as GeneralEvaluator,
)
from .evaluation.fitness import (
    FITNESSES as FITNESSES,
    WEIGHTS as WEIGHTS,
    Evaluation as Evaluation,
    accuracy_and_params as accuracy_and_params,
    accuracy_in_percent as accuracy_in_percent,
    accuracy_per_log_params as accuracy_per_log_params,
    balanced_accuracy_per_log_params as balanced_accuracy_per_log_params,
    macro_f1_per_log_params as macro_f1_per_log_params,
    time_penalised as time_penalised,
)
from .evaluation.workers import (
    Workers as Workers,
)
from .genome import (
    FITNESS_CLASSES as FITNESS_CLASSES,
    FitnessMax as FitnessMax,
    FitnessMaxMin as FitnessMaxMin,
    FitnessMaxMinMin as FitnessMaxMinMin,
    FitnessMaxMinMinMin as FitnessMaxMinMinMin,
    Genome as Genome,
    GenomeError as GenomeError,
    parse_genome as parse_genome,
)
from .layers import (
    ACTIVATIONS as ACTIVATIONS,
    LAYERS as LAYERS,
    Conv as Conv,
    Gene as Gene,
    Head as Head,
    Layer as Layer,
    LayerError as LayerError,
    load_layers as load_layers,
    register_layer as register_layer,
)
from .layers.cost import (
    arena_head as arena_head,
    count_multiply_adds as count_multiply_adds,
    count_params as count_params,
    feature_maps as feature_maps,
    flash as flash,
    peak_ram as peak_ram,
)
from .operators import (
    Space as Space,
    cx_one_point as cx_one_point,
    cx_one_point_reject as cx_one_point_reject,
    cx_two_point as cx_two_point,
    cx_two_point_reject as cx_two_point_reject,
    cx_uniform as cx_uniform,
    cx_uniform_by_kind as cx_uniform_by_kind,
    cx_uniform_reject as cx_uniform_reject,
    mut_attribute as mut_attribute,
    mut_delete as mut_delete,
    mut_gene as mut_gene,
    mut_insert as mut_insert,
    mut_mixture as mut_mixture,
    mut_pool as mut_pool,
    mut_swap as mut_swap,
    rejecting as rejecting,
    sel_rank_roulette as sel_rank_roulette,
    sel_roulette as sel_roulette,
)
from .programs.classifier import (
    EvolvedClassifier as EvolvedClassifier,
)
from .programs.evolve import (
    evolve as evolve,
)
from .programs.result import (
    Result as Result,
)
from .runs.journal import (
    Journal as Journal,
)
from .runs.watcher import (
    Watcher as Watcher,
)
from .spaces import (
    FULL_SPACE as FULL_SPACE,
    PAPER_SPACE as PAPER_SPACE,
    WIDE_SPACE as WIDE_SPACE,
    SearchSpace as SearchSpace,
    SpaceError as SpaceError,
)
from .toolbox import (
    make_toolbox as make_toolbox,
)
from .training.evaluator import (
    Evaluator as Evaluator,
)
from .training.model import (
    build_model as build_model,
)
from .training.recipes import (
    RECIPES as RECIPES,
    Recipe as Recipe,
)

__version__: str
