import LatheDiagnostics
import LatheTensors

/// Tensors made from a seed: smooth images, sounds, plain numbers, each in the range of its input.
struct TensorSampleGenerator {
  private enum Form: String {
    case image, sound, mask, indices, flags, numbers
  }

  private static let soundNames = ["audio", "wav", "speech", "signal", "pcm", "sound"]

  private let ranges: [String: ClosedRange<Double>]
  private let rows: [String: Int]
  private var random: SampleRandom
  private var extents: [String: Int] = [:]
  /// What was made of each input.
  private(set) var parts: [String] = []

  /// - Parameters:
  ///   - ranges: by input, where the user gives them.
  ///   - rows: of the tables that inputs are indices into.
  init(ranges: [String: ClosedRange<Double>], rows: [String: Int], seed: UInt64) {
    self.ranges = ranges
    self.rows = rows
    random = SampleRandom(seed: seed)
  }

  /// `count` feeds.
  ///
  /// - Throws: `samples/generate` for inputs that nothing can be made for.
  mutating func feeds(_ count: Int, for interface: ModelInterface, _ limits: ResourceLimits) throws(Diagnostic) -> [Feed] {
    var feeds: [Feed] = []
    for index in 0..<count {
      var inputs: [String: Tensor] = [:]
      for port in interface.requiredInputs {
        let (tensor, what) = try tensor(port, limits)
        inputs[port.name] = tensor
        if index == 0 { parts.append("\(port.name): \(what)") }
      }
      feeds.append(Feed(inputs: inputs, sample: index))
    }
    return feeds
  }

  private mutating func tensor(_ port: ModelInterface.Port, _ limits: ResourceLimits) throws(Diagnostic) -> (Tensor, String) {
    guard let type = port.type, let shape = type.shape, type.dtype != .string, type.dtype.numericType != nil || type.dtype == .bool else {
      throw Self.cannot(port, "it is no tensor of numbers of known rank")
    }
    let form = form(port, type)
    let extents = shape.enumerated().map { axis, extent in extent.known ?? open(extent, axis, form) }
    let count = try Tensor.elementCount(of: extents)
    guard let bytes = type.dtype.byteCount(of: count), bytes <= limits.tensorBytes, count <= limits.tensorBytes / 8 else {
      throw limits.exceeded("tensor-bytes", "a generated \(port.name) of \(extents) is larger")
    }
    let range = try range(port, type, form)
    let values = values(form, extents, count, range)
    let what = "\(form.rawValue) \(extents) from \(range.lowerBound) to \(range.upperBound)"
    if type.dtype == .bool { return (try Tensor(values.map { $0 != 0 }, shape: extents), what) }
    guard let numeric = type.dtype.numericType else { throw Self.cannot(port, "it is of \(type.dtype)") }
    return (try Self.tensor(numeric, values, extents, isFloat: type.dtype.isFloat), what)
  }

  private static func tensor<T: NumericElement>(_ type: T.Type, _ values: [Double], _ shape: [Int], isFloat: Bool) throws(Diagnostic) -> Tensor {
    try Tensor(of: T.self, shape: shape) { (out) throws(Diagnostic) in
      for (index, value) in values.enumerated() { out[index] = T(double: isFloat ? value : value.rounded(.down)) }
    }
  }

  private func form(_ port: ModelInterface.Port, _ type: TensorType) -> Form {
    let shape = type.shape ?? []
    if type.dtype == .bool { return .flags }
    if shape.count == 4, type.dtype.isFloat || type.dtype == .uint8, [1, 3].contains(where: { [1, 3, 4].contains(shape[$0].known) }) { return .image }
    if type.dtype.isFloat, !shape.isEmpty, Self.soundNames.contains(where: { port.name.lowercased().contains($0) }) { return .sound }
    if TextRole(name: port.name) == .mask, shape.count == 2 { return .mask }
    return type.dtype.isFloat ? .numbers : .indices
  }

  private mutating func open(_ extent: Dimension, _ axis: Int, _ form: Form) -> Int {
    let usual = axis == 0 ? 2 : form == .image ? 64 : form == .sound ? 4000 : 16
    let name = extent.description
    guard name != Dimension.unknown.description else { return usual }
    if let known = extents[name] { return known }
    extents[name] = usual
    return usual
  }

  private func range(_ port: ModelInterface.Port, _ type: TensorType, _ form: Form) throws(Diagnostic) -> ClosedRange<Double> {
    if let range = ranges[port.name] { return range }
    switch form {
    case .image: return type.dtype == .uint8 ? 0...255 : 0...1
    case .sound: return -1...1
    case .numbers: return -3...3
    case .mask, .flags: return 0...1
    case .indices:
      if let rows = rows[port.name] { return 0...Double(max(0, rows - 1)) }
      throw Self.cannot(port, "it holds whole numbers, and nothing says which")
    }
  }

  private mutating func values(_ form: Form, _ shape: [Int], _ count: Int, _ range: ClosedRange<Double>) -> [Double] {
    let span = range.upperBound - range.lowerBound
    switch form {
    case .numbers: return (0..<count).map { _ in range.lowerBound + span * min(1, max(0, 0.5 + random.bell() / 6)) }
    case .indices: return (0..<count).map { _ in range.lowerBound + (random.uniform() * (span + 1)).rounded(.down) }
    case .flags: return (0..<count).map { _ in Double(random.below(2)) }
    case .mask:
      let width = max(1, shape.last ?? 1)
      return (0..<max(1, count / width)).flatMap { _ in
        let length = 1 + random.below(width)
        return (0..<width).map { $0 < length ? 1.0 : 0.0 }
      }.prefix(count).map { $0 }
    case .image, .sound: return waves(shape, count).map { range.lowerBound + span * $0 }
    }
  }

  /// Smooth values from 0 to 1 along the last two axes, with a little noise; triangles, whose arithmetic is exact everywhere.
  private mutating func waves(_ shape: [Int], _ count: Int) -> [Double] {
    let width = max(1, shape.last ?? 1)
    var values: [Double] = []
    values.reserveCapacity(count)
    let height = shape.count > 1 ? max(1, shape[shape.count - 2]) : 1
    while values.count < count {
      let waves = (0..<3).map { _ in (x: random.uniform() * 8 / Double(width), y: random.uniform() * 8 / Double(height), phase: random.uniform()) }
      for y in 0..<height {
        for x in 0..<width {
          let sum = waves.reduce(0.0) { $0 + Self.triangle($1.x * Double(x) + $1.y * Double(y) + $1.phase) }
          values.append(min(1, max(0, sum / 3 + 0.05 * (random.uniform() - 0.5))))
        }
      }
    }
    return Array(values.prefix(count))
  }

  private static func triangle(_ phase: Double) -> Double { abs(2 * (phase - phase.rounded(.down)) - 1) }

  private static func cannot(_ port: ModelInterface.Port, _ reason: String) -> Diagnostic {
    .invalid(
      "samples/generate", "no samples can be made for the input \(port.name): \(reason)", at: Location(value: port.name),
      fix: "give --input-range \(port.name)=LOW:HIGH, or samples")
  }
}
