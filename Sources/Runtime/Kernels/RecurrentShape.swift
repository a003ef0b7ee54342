internal import CLatheKernels
import LatheDiagnostics
import LatheIR
import LatheOperators
import LatheTensors

/// What the kernels of recurrent layers in floats and in INT8 share: the kind of the layer and its extents.
struct RecurrentShape {
  enum Cell: Equatable {
    case lstm
    case gru(appliesResetToProduct: Bool)

    /// Gates of a unit.
    var gates: Int { self == .lstm ? 4 : 3 }
    /// Whether the last gate's bias of the state stands apart from that of X.
    var splitsBias: Bool { self == .gru(appliesResetToProduct: true) }
  }

  let cell: Cell
  let direction: LSTM.Direction
  let batch, steps, inputs, hidden: Int

  /// Rows of the weights of one direction.
  var width: Int { cell.gates * hidden }
  /// Floats of the gates at all places, and units of a state.
  var gateCount: Int { batch * steps * width }
  var stateCount: Int { batch * hidden }

  /// Where a step finds its sequences and puts its outputs, but for the step.
  func place(isReverse: Bool, _ lengths: UnsafePointer<Int32>?) -> lathe_recurrent_place {
    var place = lathe_recurrent_place()
    (place.steps, place.is_reverse, place.lengths) = (steps, isReverse, lengths)
    (place.inputs_batch_stride, place.inputs_step_stride) = (steps * width, width)
    let outputs = direction.count * hidden
    (place.y_batch_stride, place.y_step_stride) = (steps * outputs, outputs)
    return place
  }

  /// How `biases` lie for one pass.
  func biasOrder(_ pass: Int) -> KernelLibrary.Order { cell.splitsBias ? .splitBiases(pass) : .biasSums(pass) }

  /// The biases of X and of the state of one pass together; where they are split, the last gate has that of X here, and that of the state
  /// behind it.
  func biases(_ bias: Tensor, _ pass: Int) throws(Diagnostic) -> Tensor {
    let summed = cell.splitsBias ? width - hidden : width
    return try .floats([cell.splitsBias ? width + hidden : width]) { target in
      guard let source = bias.floats?.advanced(by: pass * 2 * width) else { return }
      for unit in 0..<summed { target[unit] = source[unit] + source[unit + width] }
      for unit in summed..<width { (target[unit], target[unit + hidden]) = (source[unit], source[unit + width]) }
    }
  }

  /// The bias of the last gate's product with the state, among `biases`.
  func stateBias(_ biases: Tensor?) -> UnsafePointer<Float>? { cell.splitsBias ? biases?.floats?.advanced(by: width) : nil }
}

extension Memory {
  /// The lengths of sequences: nil inside where there are none; nil where reference evaluation would refuse them.
  func lengths(_ id: ValueID?, _ shape: RecurrentShape) -> UnsafePointer<Int32>?? {
    guard let id else { return .some(nil) }
    guard let list = addresses[id.index]?.assumingMemoryBound(to: Int32.self) else { return nil }
    for row in 0..<shape.batch where list[row] < 0 || Int(list[row]) > shape.steps { return nil }
    return UnsafePointer(list)
  }

  /// Copies a final state [batch, hidden] of one pass between those of the others.
  func store(_ state: UnsafePointer<Float>, _ id: ValueID?, _ pass: Int, _ shape: RecurrentShape) {
    guard let target = floats(id) else { return }
    let (hidden, passes) = (shape.hidden, shape.direction.count)
    for row in 0..<shape.batch { (target + (row * passes + pass) * hidden).update(from: state + row * hidden, count: hidden) }
  }
}
