"""Adam with its learning-rate schedule, weight decay and loss scaling: stock Keras, but gradients come summed."""

import keras
import tensorflow as tf

from trainer.config import TrainConfig

# Numbers of a variable from which on one compiled pass over them is worth compiling, in tenths of a second.
_LARGE = 2**14


class _SummedAdam(keras.optimizers.Adam):
    """Adam for gradients that are summed over the replicas already: Keras' own would clip each summand first.

    Large variables are updated in one pass over memory, small ones in the ten of Keras, to the same numbers but for the
    rounding.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        """Updates a variable and its moments."""
        if variable.shape.num_elements() < _LARGE:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        variables = (variable, self._momentums[index], self._velocities[index])
        rates = (learning_rate, self.beta_1, self.beta_2, self.epsilon)
        updated = _updated(
            tf.convert_to_tensor(gradient),
            *(tf.convert_to_tensor(each) for each in variables),
            tf.convert_to_tensor(self.iterations),
            *(tf.cast(rate, tf.float32) for rate in rates),
        )
        for each, value in zip(variables, updated, strict=True):
            self.assign(each, value)

    def _all_reduce_sum_gradients(self, grads_and_vars: object) -> object:
        return grads_and_vars


@tf.function(jit_compile=True, autograph=False)
def _updated(
    gradient: tf.Tensor,
    variable: tf.Tensor,
    momentum: tf.Tensor,
    velocity: tf.Tensor,
    steps: tf.Tensor,
    rate: tf.Tensor,
    beta_1: tf.Tensor,
    beta_2: tf.Tensor,
    epsilon: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns a variable and its moments after step `steps`, from 0 (Kingma and Ba 2015, in the order of Keras)."""
    step = tf.cast(steps + 1, tf.float32)
    alpha = rate * tf.sqrt(1 - tf.pow(beta_2, step)) / (1 - tf.pow(beta_1, step))
    momentum += (gradient - momentum) * (1 - beta_1)
    velocity += (tf.square(gradient) - velocity) * (1 - beta_2)
    return variable - momentum * alpha / (tf.sqrt(velocity) + epsilon), momentum, velocity


@keras.saving.register_keras_serializable("nabi")
class _WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Scales another schedule, which counts from the run's start, by a factor that rises from 0 to 1 over `steps`."""

    def __init__(self, after: keras.optimizers.schedules.LearningRateSchedule, steps: int) -> None:
        self._after, self._steps = after, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        done = (tf.cast(step, tf.float32) + 1) / self._steps
        return self._after(step) * tf.minimum(done, 1.0)

    def get_config(self) -> dict[str, object]:
        """Returns the arguments of the constructor."""
        return {"after": self._after, "steps": self._steps}


def make_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """Makes the optimizer of a configuration; its gradients must be summed over all replicas already.

    Gradients are clipped once, by their global norm. Weight decay (Loshchilov and Hutter 2019) does not apply to biases
    and normalisations. With float16 the loss is scaled, and gradients are unscaled before they are clipped.
    """
    adam = _SummedAdam(_rate(config), global_clipnorm=config.clip_norm, weight_decay=config.weight_decay or None)
    if config.weight_decay:
        adam.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return keras.optimizers.LossScaleOptimizer(adam) if config.precision == "mixed_float16" else adam


def _rate(config: TrainConfig) -> float | keras.optimizers.schedules.LearningRateSchedule:
    schedules = keras.optimizers.schedules
    if config.schedule == "cosine":
        # An untrained network (--steps 0) may have all other settings of a trained one; the schedule needs a step.
        after = schedules.CosineDecay(config.learning_rate, max(config.steps, 1))
    elif config.schedule == "inverse-time":
        after = schedules.InverseTimeDecay(config.learning_rate, 1, config.decay)
    elif config.warmup_steps:
        after = schedules.InverseTimeDecay(config.learning_rate, 1, 0.0)
    else:
        return config.learning_rate
    return _WarmUp(after, config.warmup_steps) if config.warmup_steps else after
