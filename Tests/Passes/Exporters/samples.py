"""Seeded inputs of two shapes, and ONNX test sets with what ONNX Runtime answers to them."""
import numpy
import onnx
import onnxruntime

CLASSIFIER = 2
FIRST_TOKEN = 5
SHAPES = ((2, 7), (3, 12))


def feeds(names, vocabulary, padding):
    """The first shape has a padded row; the second also a row that is all padding but for its first token. Lengths fall."""
    result = []
    for index, (batch, sequence) in enumerate(SHAPES):
        generator = numpy.random.default_rng(100 + index)
        lengths = numpy.array([sequence, sequence - 3, 1][:batch])
        mask = numpy.arange(sequence)[None, :] < lengths[:, None]
        tokens = generator.integers(FIRST_TOKEN, vocabulary, (batch, sequence))
        tokens[:, 0] = CLASSIFIER
        values = {
            "input_ids": numpy.where(mask, tokens, padding),
            "attention_mask": mask.astype(numpy.int64),
            "token_type_ids": (numpy.arange(sequence)[None, :] >= lengths[:, None] // 2).astype(numpy.int64) * mask,
            "task_type_ids": numpy.full((batch, sequence), 1),
            "decoder_input_ids": generator.integers(FIRST_TOKEN, vocabulary, (batch, sequence - 2)),
            "lengths": lengths,
            "pixel_values": generator.standard_normal((batch, 3, 16, 16)).astype(numpy.float32),
        }
        chosen = {name: values[name] for name in names}
        result.append({
            name: value.astype(numpy.int64) if value.dtype.kind == "i" else value for name, value in chosen.items()})
    return result


def session(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def write_tensor(path, name, value):
    path.write_bytes(onnx.numpy_helper.from_array(value, name).SerializeToString())


def write_sets(folder, values, expected, tolerance):
    """Writes test_data_set_N below the folder. ONNX Runtime's outputs must be near the framework's own, `expected`, else the export
    is not the model."""
    runner = session(folder / "model.onnx")
    worst = 0.0
    for number, (feed, reference) in enumerate(zip(values, expected)):
        wanted = {port.name for port in runner.get_inputs()}
        assert wanted <= set(feed), f"the model asks for {wanted}"
        if wanted != set(feed):
            print(f"  unused inputs left out by the exporter: {sorted(set(feed) - wanted)}")
        outputs = runner.run(None, {name: value for name, value in feed.items() if name in wanted})
        target = folder / f"test_data_set_{number}"
        target.mkdir(exist_ok=True)
        for index, port in enumerate(runner.get_inputs()):
            write_tensor(target / f"input_{index}.pb", port.name, feed[port.name])
        for index, (port, output) in enumerate(zip(runner.get_outputs(), outputs)):
            write_tensor(target / f"output_{index}.pb", port.name, output)
        error = float(numpy.abs(outputs[0].astype(numpy.float64) - reference).max() / numpy.abs(reference).max())
        worst = max(worst, error)
    assert worst <= tolerance, f"ONNX Runtime is {worst:.2g} away from the framework"
    return worst
