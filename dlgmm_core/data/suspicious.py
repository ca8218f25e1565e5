"""What is odd about a data set of one's own although it can be trained on: a sentence for each."""

from dlgmm_core.data.splits import Dataset

__all__ = ["warnings_of"]


def warnings_of(dataset: Dataset) -> list[str]:
    """Sentences about its training images and its classes; none for most data sets."""
    images, found = dataset.train.binary, []
    if not images.any():
        found.append(
            f"All training images of {dataset.name} are empty, without any ink: a model has nothing to learn from them."
            " Check that ink is what has large levels, up to 255 or 1."
        )
    elif (images == images[0]).all():
        found.append(
            f"All training images of {dataset.name} are the same: a model has nothing to learn from them. Check the"
            " file that they are from."
        )
    if len(dataset.class_names) == 1:
        found.append(
            f"All images of {dataset.name} have one label, {dataset.class_names[0]}: kNN errors and scores of"
            " components need at least two classes, and say nothing here."
        )
    return found
