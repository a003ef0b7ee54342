import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// LSTM layers in one or both directions, and their last states, or the sum, mean or largest of all.
struct LSTMClassifier: TextClassifier {
  enum Pooling: String {
    case last, sum, mean, max
  }

  let width: Int
  let hidden: Int
  let layers: Int
  let isBidirectional: Bool
  let pooling: Pooling

  init(_ config: ModelConfiguration) throws(Diagnostic) {
    width = try config.integer("emb_dim")
    hidden = try config.integer("lstm_hidden_size", "hidden_size", in: 1...1 << 20)
    layers = try config.integer("num_layers", "lstm_layers", in: 1...ModelConfiguration.mostLayers, default: 1)
    let direction = try config.text("direction", default: "forward")
    guard ["forward", "bidirect", "bidirectional"].contains(direction) else {
      throw .invalid(
        "architecture/config",
        "direction should be forward or bidirect, but is \(direction.prefix(40).debugDescription)")
    }
    isBidirectional = direction != "forward"
    let name = try config.text("pooling_type", default: "last")
    guard let pooling = Pooling(rawValue: name) else {
      throw .invalid(
        "architecture/config", "pooling_type should be sum, mean or max, but is \(name.prefix(40).debugDescription)")
    }
    self.pooling = pooling
  }

  private var directions: Int { isBidirectional ? 2 : 1 }

  func encode(_ words: ValueID, in assembly: inout GraphAssembly) throws(Diagnostic) -> (ValueID, extent: Int) {
    let lengths = try assembly.builder.input("seq_len", .int64, ["batch"])
    let counts = try assembly.add(Cast(to: .int32), [lengths], "lengths")
    let extent = hidden * directions
    var x = try assembly.add(Transpose(permutation: [1, 0, 2]), [words], "steps_first")
    var states = x
    for layer in 0..<layers {
      let parameters = try parameters(layer, from: layer == 0 ? width : extent, in: &assembly)
      let op = LSTM(direction: isBidirectional ? .bidirectional : .forward, hiddenSize: hidden)
      let outputs = try assembly.builder.add(op, [x] + parameters + [counts], outputCount: 2, name: "lstm.\(layer)")
      // [steps, directions, batch, hidden] → [steps, batch, directions · hidden]
      let batches = try assembly.add(Transpose(permutation: [0, 2, 1, 3]), [outputs[0]], "lstm.\(layer).batches")
      x = try assembly.add(
        Reshape(), [batches, try assembly.integers("joined", [0, 0, extent])], "lstm.\(layer).joined")
      states = outputs[1]
    }
    return (try pool(x, states, extent, in: &assembly), extent)
  }

  private func pool(
    _ x: ValueID, _ states: ValueID, _ extent: Int, in assembly: inout GraphAssembly
  ) throws(Diagnostic) -> ValueID {
    let axis = try assembly.integers("step_axis", [0])
    switch pooling {
    case .last:
      let batches = try assembly.add(Transpose(permutation: [1, 0, 2]), [states], "states")
      return try assembly.add(Reshape(), [batches, try assembly.integers("state", [0, extent])], "last")
    case .sum: return try assembly.add(ReduceSum(keepsAxes: false), [x, axis], "pooled")
    case .mean: return try assembly.add(ReduceMean(keepsAxes: false), [x, axis], "pooled")
    case .max: return try assembly.add(ReduceMax(keepsAxes: false), [x, axis], "pooled")
    }
  }

  /// Weights, recurrent weights and biases of a layer as ONNX orders them: directions first, gates as input, output, forget, cell.
  private func parameters(
    _ layer: Int, from inputs: Int, in assembly: inout GraphAssembly
  ) throws(Diagnostic) -> [ValueID] {
    let cells = isBidirectional ? ["cell_fw", "cell_bw"] : ["cell"]
    let rows = 4 * hidden
    var (weights, recurrent, biases): ([Tensor?], [Tensor?], [Tensor?]) = ([], [], [])
    for (index, cell) in cells.enumerated() {
      func take(_ kind: String, _ shape: [Int]) throws(Diagnostic) -> Tensor? {
        let own = "lstm_encoder.lstm_layer.\(layer).\(cell).\(kind)"
        let flat = "lstm_encoder.lstm_layer.\(kind)_l\(layer)" + (index == 1 ? "_reverse" : "")
        let name = assembly.weights.has(own) || !assembly.weights.has(flat) ? own : flat
        let tensor = try assembly.weights.take(name, shape)
        // Paddle keeps every parameter under two names.
        assembly.weights.ignore(flat, as: name)
        guard let tensor else { return nil }
        let places = [0, 3, 1, 2].flatMap { $0 * hidden..<($0 + 1) * hidden }
        return try tensor.keeping(places, along: 0)
      }
      weights.append(try take("weight_ih", [rows, inputs]))
      recurrent.append(try take("weight_hh", [rows, hidden]))
      biases += [try take("bias_ih", [rows]), try take("bias_hh", [rows])]
    }
    let stem = "lstm.\(layer)"
    return [
      try stacked(weights, [directions, rows, inputs], stem + ".weight", in: &assembly),
      try stacked(recurrent, [directions, rows, hidden], stem + ".recurrent", in: &assembly),
      try stacked(biases, [directions, 2 * rows], stem + ".bias", in: &assembly),
    ]
  }

  /// The tensors one after another as one constant; a stand-in if one is missing.
  private func stacked(
    _ parts: [Tensor?], _ shape: [Int], _ name: String, in assembly: inout GraphAssembly
  ) throws(Diagnostic) -> ValueID {
    let present = parts.compactMap { $0 }
    guard present.count == parts.count else {
      return try assembly.builder.input(name, .float32, shape.map { .known($0) })
    }
    return try assembly.builder.constant(
      name,
      try Tensor(dtype: .float32, shape: shape) { target in
        var start = 0
        for part in present {
          part.withBytes {
            UnsafeMutableRawBufferPointer(rebasing: target[start..<start + $0.count]).copyMemory(from: $0)
          }
          start += part.byteCount
        }
      })
  }
}
