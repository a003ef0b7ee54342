import LatheDiagnostics
import LatheTensors

/// Which of a model's inputs gets what of a batch of texts.
struct TextBinding {
  struct Target {
    var name: String
    var role: TextRole
    var dtype: DType
  }

  /// In the model's order.
  private(set) var targets: [Target] = []
  /// Rows that every batch must have; nil if any number will do.
  private(set) var fixedBatch: Int?
  /// Tokens that every row must have; nil if any number will do.
  private(set) var fixedLength: Int?

  /// - Throws: `samples/text-input` naming an input that text cannot fill.
  init(_ interface: ModelInterface) throws(Diagnostic) {
    let ids = try Self.idsInput(of: interface)
    for input in interface.inputs {
      guard let role = input.name == ids.name ? TextRole.ids : TextRole(name: input.name), Self.suits(input, role)
      else {
        if input.hasDefault { continue }
        throw Self.unfit(input, interface)
      }
      targets.append(Target(name: input.name, role: role, dtype: input.type?.dtype ?? .int64))
      try fix(input)
    }
  }

  /// The input for token ids: by its name, or the only one of integers with two axes and no other role.
  private static func idsInput(of interface: ModelInterface) throws(Diagnostic) -> ModelInterface.Port {
    if let named = interface.inputs.first(where: { TextRole(name: $0.name) == .ids && suits($0, .ids) }) {
      return named
    }
    let candidates = interface.requiredInputs.filter { TextRole(name: $0.name) == nil && suits($0, .ids) }
    if candidates.count == 1 { return candidates[0] }
    let found = candidates.isEmpty ? "none of" : "more than one of"
    throw .invalid(
      "samples/text-input", "\(found) the model's inputs can be token ids: \(interface.inputNames)",
      fix: "give tensors by input name instead of texts (.npz, or .jsonl with a key for each input)")
  }

  private static func suits(_ input: ModelInterface.Port, _ role: TextRole) -> Bool {
    guard let type = input.type else { return true }
    guard type.rank == nil || type.rank == role.rank else { return false }
    switch role {
    case .ids, .segments, .taskTypes, .positions, .lengths: return type.dtype == .int64 || type.dtype == .int32
    case .mask: return type.dtype == .bool || type.dtype.numericType != nil
    }
  }

  private static func unfit(_ input: ModelInterface.Port, _ interface: ModelInterface) -> Diagnostic {
    let type = input.type.map { " (\($0))" } ?? ""
    return .invalid(
      "samples/text-input", "the input \(input.name)\(type) cannot be made from text", at: Location(value: input.name),
      notes: ["made from text are \(TextRole.allCases.map(\.rawValue).joined(separator: ", ")), known by their names"],
      fix: "give tensors by input name instead of texts (.npz, or .jsonl with a key for each input)")
  }

  private mutating func fix(_ input: ModelInterface.Port) throws(Diagnostic) {
    guard let shape = input.type?.shape else { return }
    try Self.agree(&fixedBatch, shape.first?.known, input, "rows")
    if shape.count == 2 { try Self.agree(&fixedLength, shape[1].known, input, "tokens") }
  }

  private static func agree(
    _ fixed: inout Int?, _ extent: Int?, _ input: ModelInterface.Port, _ what: String
  ) throws(Diagnostic) {
    guard let extent else { return }
    guard (1...1 << 16).contains(extent), fixed == nil || fixed == extent else {
      let other = fixed.map { ", and another input wants \($0)" } ?? ""
      throw .invalid(
        "samples/text-shape", "the input \(input.name) wants \(extent) \(what)\(other)",
        at: Location(value: input.name),
        fix: "give tensors by input name instead of texts")
    }
    fixed = extent
  }
}
