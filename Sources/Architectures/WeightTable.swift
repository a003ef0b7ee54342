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
  /// How the names of what is always computed start; nothing there may be left over.
  private let inside: [String]
  private var used: Set<String> = []
  private var missing: OrderedSet<String> = []
  private var misshapen: OrderedSet<String> = []
  private var contradictory: OrderedSet<String> = []

  init(_ checkpoint: Checkpoint, prefixes: [String], inside: [String]) {
    tensors = checkpoint.tensors
    self.prefixes = prefixes
    self.inside = inside
  }

  /// Whether there is a tensor that an architecture calls `name`.
  func has(_ name: String) -> Bool { !stored(name).isEmpty }

  /// Extents of the tensor, for telling layouts apart.
  func shape(_ name: String) -> [Int]? { stored(name).first.flatMap { tensors[$0]?.shape } }

  /// The tensor called `name`, as 32-bit floats; nil, and noted, if it is missing or has not `shape`.
  mutating func take(_ name: String, _ shape: [Int]) throws(Diagnostic) -> Tensor? {
    let keys = stored(name)
    guard let key = keys.first, let tensor = tensors[key] else {
      missing.append("\(name): f32\(shape)")
      try stopEarly()
      return nil
    }
    used.formUnion(keys)
    for other in keys.dropFirst() where tensors[other].map({ Self.isSame($0, tensor) }) != true {
      contradictory.append("\(other) is not what \(key) is")
    }
    guard tensor.shape == shape, tensor.dtype.isFloat else {
      misshapen.append("\(key) is \(tensor.dtype)\(tensor.shape), not f32\(shape)")
      try stopEarly()
      return nil
    }
    return try Self.single(tensor)
  }

  /// Counts the tensor called `copy` as used if it holds what the one called `name` does.
  mutating func ignore(_ copy: String, as name: String) {
    guard let tensor = stored(name).first.flatMap({ tensors[$0] }) else { return }
    for key in stored(copy) where tensors[key].map({ Self.isSame($0, tensor) }) == true { used.insert(key) }
  }

  /// Names of tensors that nothing asked for.
  var leftOver: [String] {
    tensors.keys.filter { key in !used.contains(key) && !Self.derived.contains { key == $0 || key.hasSuffix(".\($0)") }
    }
  }

  /// - Throws: `architecture/tensors` if any tensor is missing, misshapen, stored twice and not the same, or left over of what is
  ///   computed; with all that are left over.
  func check() throws(Diagnostic) {
    let extra = leftOver
    guard !missing.isEmpty || !misshapen.isEmpty || !contradictory.isEmpty || extra.contains(where: isInside) else {
      return
    }
    let twice = contradictory.isEmpty ? "" : ", \(contradictory.count) stored twice and not the same"
    throw .invalid(
      "architecture/tensors",
      "the tensors do not fit the configuration: \(missing.count) missing, \(misshapen.count) of another shape, \(extra.count) left over\(twice)",
      notes: Self.lines("missing: ", missing.elements) + Self.lines("", misshapen.elements + contradictory.elements)
        + Self.lines("left over: ", extra),
      fix: "give the configuration and the tensors of one checkpoint")
  }

  private func isInside(_ key: String) -> Bool {
    let prefix = prefixes.first { key.hasPrefix($0) } ?? ""
    let name = key.dropFirst(prefix.count)
    return inside.contains { name.hasPrefix($0) }
  }

  /// A configuration may ask for any number of tensors; enough is enough.
  private func stopEarly() throws(Diagnostic) {
    if missing.count + misshapen.count >= 10_000 { try check() }
  }

  static func lines(_ start: String, _ names: [String]) -> [String] {
    let shown = names.prefix(mostLines).map { start + $0 }
    return names.count > mostLines ? shown + ["\(start)… \(names.count - mostLines) more"] : shown
  }

  /// The keys under which a tensor is stored: behind a prefix or not, with Paddle's or TensorFlow's names of a normalization.
  private func stored(_ name: String) -> [String] {
    Self.spellings(of: name).flatMap { spelling in ([""] + prefixes).map { $0 + spelling } }.filter {
      tensors[$0] != nil
    }
  }

  /// Whether two tensors hold the same bytes of the same type.
  private static func isSame(_ one: Tensor, _ other: Tensor) -> Bool {
    guard one.dtype == other.dtype, one.shape == other.shape else { return false }
    return one.withBytes { left in other.withBytes { left.elementsEqual($0) } }
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
