import LatheDiagnostics
import LatheIR
import LatheTensors

/// What one sequence carries from step to step through one direction of a recurrent layer.
struct QuantizedState {
  /// The states in floats, the hidden one first.
  var floats: [[Float]]
  /// The hidden state as products read it.
  var codes: [Int8]

  init(_ hidden: Int, count: Int) {
    floats = Array(repeating: Array(repeating: 0, count: hidden), count: count)
    codes = Array(repeating: 0, count: hidden)
  }

  /// Sets one unit of the hidden state.
  mutating func setHidden(_ unit: Int, to value: Float) {
    floats[0][unit] = value
    codes[unit] = CanonicalArithmetic.quantized(value * 127)
  }
}

/// The gates of one direction of a recurrent layer on INT8 values.
struct QuantizedGates {
  /// Products whose sum stays within 32 bits.
  static let mostInputs = 131_071

  let hidden: Int
  /// Biases of the products with X and with the state; nil for none.
  let inputBias, stateBias: [Float]?
  private let inputs: Int
  private let x: [Int8]
  private let xScale: QuantizedRows
  /// [gates · hidden, inputs] and [gates · hidden, hidden], and a scale for each row.
  private let weights, recurrence: [Int8]
  private let scales, stateScales: [Float]

  init(_ operands: [Tensor?], pass: Int) throws(Diagnostic) {
    let (source, w, r) = (try operands.required(0), try operands.required(2), try operands.required(4))
    (inputs, hidden) = (w.shape[2], r.shape[2])
    x = source.elements(as: Int8.self) ?? []
    xScale = try QuantizedRows(source, scale: operands.required(1))
    weights = try w.part(pass, axis: 0).elements(as: Int8.self) ?? []
    recurrence = try r.part(pass, axis: 0).elements(as: Int8.self) ?? []
    scales = try operands.required(3).part(pass, axis: 0).elements(as: Float.self) ?? []
    stateScales = try operands.required(5).part(pass, axis: 0).elements(as: Float.self)?.map { $0 * (1 / 127) } ?? []
    let biases = try operands.optional(6)?.part(pass, axis: 0).elements(as: Float.self)
    inputBias = biases.map { Array($0.prefix($0.count / 2)) }
    stateBias = biases.map { Array($0.suffix($0.count / 2)) }
  }

  /// The sum of one row of all gates, with both biases.
  func sum(_ index: Int, of state: [Int8], at row: Int) -> Float {
    var bias: Float?
    if let inputBias, let stateBias { bias = inputBias[index] + stateBias[index] }
    return stateSum(index, of: state, plus: inputSum(index, at: row, plus: bias))
  }

  /// X's part of the sum.
  func inputSum(_ index: Int, at row: Int, plus bias: Float?) -> Float {
    Self.scaled(Self.product(x, row * inputs, weights, index, inputs), xScale.scale(row) * scales[index], plus: bias)
  }

  /// The state's part of the sum.
  func stateSum(_ index: Int, of state: [Int8], plus addend: Float?) -> Float {
    Self.scaled(Self.product(state, 0, recurrence, index, hidden), stateScales[index], plus: addend)
  }

  private static func scaled(_ sum: Float, _ scale: Float, plus addend: Float?) -> Float {
    addend.map { CanonicalArithmetic.fused(sum, scale, $0) } ?? sum * scale
  }

  /// A row of the weights times `count` values of a list from `start` on.
  private static func product(_ list: [Int8], _ start: Int, _ weights: [Int8], _ row: Int, _ count: Int) -> Float {
    list.withUnsafeBufferPointer { list in
      weights.withUnsafeBufferPointer { weights in
        var sum: Int32 = 0
        for index in 0..<count { sum &+= Int32(list[start + index]) &* Int32(weights[row * count + index]) }
        return Float(sum)
      }
    }
  }
}
