import LatheDiagnostics
import LatheTensors
import LatheWeightDumps
import OrderedCollections

/// A checkpoint's tensors as an architecture asks for them: what is missing, misshapen or left over is told all at once.
struct WeightTable {
  /// Most lines of a kind in one message.
  private static let mostLines = 30
  /// Buffers that libraries store although they follow from the configuration.
  private static let derived = ["position_ids", "token_type_ids", "relative_position_index"]

  private let tensors: OrderedDictionary<String, Tensor>
  /// What may stand before the encoder's names in checkpoints with a head, such as `bert.`.
  private let prefixes: [String]
  private var used: Set<String> = []
  private var missing: OrderedSet<String> = []
  private var misshapen: OrderedSet<String> = []

  init(_ checkpoint: Checkpoint, prefixes: [String]) {
    tensors = checkpoint.tensors
    self.prefixes = prefixes
  }

  /// Whether there is a tensor that an architecture calls `name`.
  func has(_ name: String) -> Bool { stored(name) != nil }

  /// Extents of the tensor, for telling layouts apart.
  func shape(_ name: String) -> [Int]? { stored(name).flatMap { tensors[$0]?.shape } }

  /// The tensor called `name`, as 32-bit floats; nil, and noted, if it is missing or has not `shape`.
  mutating func take(_ name: String, _ shape: [Int]) throws(Diagnostic) -> Tensor? {
    guard let key = stored(name), let tensor = tensors[key] else {
      missing.append("\(name): f32\(shape)")
      try stopEarly()
      return nil
    }
    used.insert(key)
    guard tensor.shape == shape, tensor.dtype.isFloat else {
      misshapen.append("\(key) is \(tensor.dtype)\(tensor.shape), not f32\(shape)")
      try stopEarly()
      return nil
    }
    return try Self.single(tensor)
  }

  /// Counts a tensor as used whose contents another one gives.
  mutating func ignore(_ name: String) {
    if let key = stored(name) { used.insert(key) }
  }

  /// Names of tensors that nothing asked for.
  var leftOver: [String] {
    tensors.keys.filter { key in !used.contains(key) && !Self.derived.contains { key == $0 || key.hasSuffix(".\($0)") }
    }
  }

  /// - Throws: `architecture/tensors` if any tensor is missing or misshapen, with those left over.
  func check() throws(Diagnostic) {
    guard !missing.isEmpty || !misshapen.isEmpty else { return }
    let extra = leftOver
    throw .invalid(
      "architecture/tensors",
      "the tensors do not fit the configuration: \(missing.count) missing, \(misshapen.count) of another shape, \(extra.count) left over",
      notes: Self.lines("missing: ", missing.elements) + Self.lines("", misshapen.elements)
        + Self.lines("left over: ", extra),
      fix: "give the configuration and the tensors of one checkpoint")
  }

  /// A configuration may ask for any number of tensors; enough is enough.
  private func stopEarly() throws(Diagnostic) {
    if missing.count + misshapen.count >= 10_000 { try check() }
  }

  static func lines(_ start: String, _ names: [String]) -> [String] {
    let shown = names.prefix(mostLines).map { start + $0 }
    return names.count > mostLines ? shown + ["\(start)… \(names.count - mostLines) more"] : shown
  }

  /// The key under which a tensor is stored: behind a prefix or not, with Paddle's or TensorFlow's names of a normalization.
  private func stored(_ name: String) -> String? {
    for spelling in Self.spellings(of: name) {
      if tensors[spelling] != nil { return spelling }
      for prefix in prefixes where tensors[prefix + spelling] != nil { return prefix + spelling }
    }
    return nil
  }

  private static func spellings(of name: String) -> [String] {
    guard name.hasSuffix("LayerNorm.weight") || name.hasSuffix("LayerNorm.bias") else { return [name] }
    let (stem, end) = name.hasSuffix(".weight") ? (name.dropLast(6), "gamma") : (name.dropLast(4), "beta")
    let paddle = name.split(separator: ".").map { $0 == "LayerNorm" ? "layer_norm" : $0 }.joined(separator: ".")
    return [name, paddle, stem + end]
  }

  /// Every weight is computed with as a 32-bit float.
  private static func single(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    guard tensor.dtype != .float32 else { return tensor }
    return try Tensor(of: Float.self, shape: tensor.shape) { target in
      switch tensor.dtype {
      case .float16:
        tensor.withElements(as: Float16.self) { for (index, value) in $0.enumerated() { target[index] = Float(value) } }
      case .bfloat16:
        tensor.withElements(as: BFloat16.self) { for (index, value) in $0.enumerated() { target[index] = value.float } }
      default:
        tensor.withElements(as: Double.self) { for (index, value) in $0.enumerated() { target[index] = Float(value) } }
      }
    }
  }
}
