"""The life cycle of a model: from a batch of data to the champion that serves, and back."""
