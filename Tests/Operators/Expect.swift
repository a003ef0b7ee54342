import LatheDiagnostics
import LatheIR
import LatheTensors
import Testing

/// Expects that checked evaluation refuses the inputs with a diagnostic of this id.
func expectRefusal(
  _ op: any Evaluable, _ inputs: [Tensor?], _ id: String, limits: ResourceLimits = ResourceLimits(),
  sourceLocation: SourceLocation = #_sourceLocation
) {
  do {
    let outputs = try op.evaluateChecked(inputs, limits: limits)
    Issue.record("\(op.name) accepts the inputs and gives \(outputs.map(\.shape))", sourceLocation: sourceLocation)
  } catch {
    #expect(error.id == id, "\(error.message)", sourceLocation: sourceLocation)
  }
}

/// The first output's type for inputs of these types, with the elements of integer vectors where they are given.
func inferred(_ op: any Operator, _ inputs: [(TensorType, [Dimension]?)]) throws -> String {
  let operands = inputs.map { Operand(type: .tensor($0.0), elements: $0.1) }
  return try op.infer(operands)[0].description
}

func vector(_ numbers: Int...) throws -> Tensor { try Tensor(numbers.map(Int64.init), shape: [numbers.count]) }

func ints(_ numbers: [Int], _ shape: [Int]) throws -> Tensor { try Tensor(numbers.map(Int64.init), shape: shape) }

func floats(_ numbers: [Float], _ shape: [Int]) throws -> Tensor { try Tensor(numbers, shape: shape) }

/// Types of the specification's data-moving operators before the 8-bit floats.
let movableTypes: [DType] = [
  .float16, .bfloat16, .float32, .float64, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .bool,
  .string,
  .complex64, .complex128,
]

/// Those that operator sets 19 to 25 added.
let laterTypes: [DType] = [
  .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1, .uint4, .int4, .uint2, .int2,
]
