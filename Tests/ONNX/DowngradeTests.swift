import LatheDiagnostics
import LatheIR
import LatheONNX
import LatheTensors
import Testing

/// One node and what it becomes at an older operator set; `refused` has a part of the reason instead.
struct DowngradeCase: CustomTestStringConvertible, Sendable {
  let opset: Int
  let op: NewestForm
  let operands: [TestOperand]
  var outputs = 1
  var type = DType.float32
  let expected: [String]
  var refused: String?

  var testDescription: String { "\(op.name) at \(opset)" }

  init(
    _ opset: Int, _ name: String, _ attributes: [(String, Attribute)] = [], _ operands: [TestOperand], outputs: Int = 1,
    type: DType = .float32, _ expected: [String] = [], refused: String? = nil
  ) {
    self.opset = opset
    self.op = NewestForm(name, attributes)
    self.operands = operands
    self.outputs = outputs
    self.type = type
    self.expected = expected
    self.refused = refused
  }

  func model() throws -> Model {
    try oneNode(op, operands, outputs: (0..<outputs).map { _ in .tensor(TensorType(type, nil)) })
  }
}

private let x = TestOperand.input(.float32, ["n", 4, 6])
private let narrow = TestOperand.input(.float32, ["n", 1, 6])
private let odd = TestOperand.input(.float32, ["n", 5])
private let image = TestOperand.input(.float32, [1, 1, 4, 4])
private let twice = (try? Tensor([1, 1, 2, 2] as [Float], shape: [4])).map { TestOperand.constant($0) } ?? .none
private let minusTwo = (try? Tensor.scalar(Int64(-2))).map { TestOperand.constant($0) } ?? .none
private let unranked = TestOperand.input(.float32, nil)

let downgradeCases: [DowngradeCase] = [
  DowngradeCase(13, "Squeeze", [narrow, .integers(1)], ["Squeeze(x0, c1) -> y0"]),
  DowngradeCase(12, "Squeeze", [narrow, .integers(1)], ["Squeeze(x0) {axes = [1]} -> y0"]),
  DowngradeCase(11, "Squeeze", [narrow, .integers(-2)], ["Squeeze(x0) {axes = [-2]} -> y0"]),
  DowngradeCase(10, "Squeeze", [narrow, .integers(-2)], ["Squeeze(x0) {axes = [1]} -> y0"]),
  DowngradeCase(12, "Squeeze", [narrow, .input(.int64, [1])], refused: "must be constant"),
  DowngradeCase(10, "Squeeze", [unranked, .integers(-2)], refused: "rank"),
  DowngradeCase(10, "Unsqueeze", [x, .integers(-1, 0)], ["Unsqueeze(x0) {axes = [4, 0]} -> y0"]),
  DowngradeCase(
    17, "ReduceMean", [("keepdims", .integer(0))], [x, .integers(-1)],
    ["ReduceMean(x0) {keepdims = 0, axes = [-1]} -> y0"]),
  DowngradeCase(18, "ReduceMean", [x, .integers(-1)], ["ReduceMean(x0, c1) -> y0"]),
  DowngradeCase(10, "ReduceMean", [x, .integers(-1)], ["ReduceMean(x0) {axes = [2]} -> y0"]),
  DowngradeCase(13, "ReduceSum", [x, .integers(-1)], ["ReduceSum(x0, c1) -> y0"]),
  DowngradeCase(12, "ReduceSum", [x, .integers(-1)], ["ReduceSum(x0) {axes = [-1]} -> y0"]),
  DowngradeCase(12, "ReduceSum", [("noop_with_empty_axes", .integer(1))], [x], ["Identity(x0) -> y0"]),
  DowngradeCase(
    12, "ReduceSum", [("noop_with_empty_axes", .integer(1))], [x, .integers(0)], ["ReduceSum(x0) {axes = [0]} -> y0"]),
  DowngradeCase(12, "ReduceL2", [("noop_with_empty_axes", .integer(1))], [x], refused: "no axis"),
  DowngradeCase(12, "Softmax", [x], ["Softmax(x0) {axis = -1} -> y0"]),
  DowngradeCase(10, "Softmax", [x], ["Softmax(x0) {axis = 2} -> y0"]),
  DowngradeCase(12, "Softmax", [("axis", .integer(2))], [x], ["Softmax(x0) {axis = 2} -> y0"]),
  DowngradeCase(
    12, "LogSoftmax", [("axis", .integer(0))], [x],
    [
      "Transpose(x0) {perm = [2, 1, 0]} -> y0_moved", "LogSoftmax(y0_moved) {axis = 2} -> y0_result",
      "Transpose(y0_result) {perm = [2, 1, 0]} -> y0",
    ]),
  DowngradeCase(12, "Softmax", [("axis", .integer(1))], [unranked], refused: "rank"),
  DowngradeCase(10, "Clip", [x, .float(0), .float(6)], ["Clip(x0) {min = 0.0, max = 6.0} -> y0"]),
  DowngradeCase(10, "Clip", [x, .none, .float(6)], ["Clip(x0) {max = 6.0} -> y0"]),
  DowngradeCase(10, "Clip", [x, .input(.float32, [])], refused: "must be constant"),
  DowngradeCase(11, "Clip", [.input(.int32, [2]), .input(.int32, [])], type: .int32, refused: "i32"),
  DowngradeCase(
    9, "Slice", [x, .integers(1), .integers(3), .integers(-1)],
    ["Slice(x0) {starts = [1], ends = [3], axes = [2]} -> y0"]),
  DowngradeCase(10, "Slice", [x, .integers(1), .integers(3), .integers(-1)], ["Slice(x0, c1, c2, y0_axes) -> y0"]),
  DowngradeCase(9, "Slice", [x, .integers(0), .integers(9), .integers(1), .integers(2)], refused: "steps"),
  DowngradeCase(
    17, "Split", [("axis", .integer(1)), ("num_outputs", .integer(2))], [x], outputs: 2,
    ["Split(x0) {axis = 1} -> y0, y1"]),
  DowngradeCase(
    17, "Split", [("axis", .integer(1)), ("num_outputs", .integer(2))], [odd], outputs: 2,
    ["Split(x0, y0_split) {axis = 1} -> y0, y1"]),
  DowngradeCase(
    12, "Split", [("axis", .integer(1)), ("num_outputs", .integer(2))], [odd], outputs: 2,
    ["Split(x0) {axis = 1, split = [3, 2]} -> y0, y1"]),
  DowngradeCase(17, "Split", [("num_outputs", .integer(2))], [x], outputs: 2, refused: "length of its parts"),
  DowngradeCase(
    12, "Split", [("axis", .integer(-1))], [odd, .integers(1, 4)], outputs: 2,
    ["Split(x0) {axis = -1, split = [1, 4]} -> y0, y1"]),
  DowngradeCase(17, "Pad", [x, .integers(1, 2), .none, .integers(-1)], ["Pad(x0, y0_pads) -> y0"]),
  DowngradeCase(
    10, "Pad", [x, .integers(1, 2), .float(0.5), .integers(-1)],
    ["Pad(x0) {pads = [0, 0, 1, 0, 0, 2], value = 0.5} -> y0"]),
  DowngradeCase(18, "Pad", [("mode", .string("wrap"))], [x, .integers(1, 1, 1, 1, 1, 1)], refused: "wrap"),
  DowngradeCase(9, "TopK", [x, .integers(3)], outputs: 1, refused: "2 outputs"),
  DowngradeCase(11, "Dropout", [x, .float(0.25)], ["Dropout(x0) {ratio = 0.25} -> y0"]),
  DowngradeCase(10, "Gemm", [.input(.float32, [2, 3]), .input(.float32, [3, 2])], ["Gemm(x0, x1, y0_zero) -> y0"]),
  DowngradeCase(12, "Resize", [image, .none, twice], ["Resize(x0, y0_roi, c2) -> y0"]),
  DowngradeCase(10, "Resize", [image, .none, twice], refused: "asymmetric"),
  DowngradeCase(
    19, "GridSample", [image, .input(.float32, [1, 2, 2, 2])], ["GridSample(x0, x1) {mode = bilinear} -> y0"]),
  DowngradeCase(15, "RoiAlign", [x, x, .integers(0)], refused: "shifts"),
  DowngradeCase(19, "DFT", [.input(.float32, [2, 4, 1]), .none, minusTwo], ["DFT(x0) {axis = -2} -> y0"]),
  DowngradeCase(20, "GroupNormalization", [("num_groups", .integer(2))], [x, x, x], refused: "channel"),
  DowngradeCase(
    12, "QuantizeLinear", [x, .input(.float32, [4]), .input(.uint8, [4])], type: .uint8, refused: "whole tensor"),
  DowngradeCase(12, "QuantizeLinear", [x, .float(1)], type: .uint8, ["QuantizeLinear(x0, c1) -> y0"]),
  DowngradeCase(
    11, "GreaterOrEqual", [.input(.int64, [1]), .input(.int64, [1])], type: .bool,
    ["Less(x0, x1) -> y0_converse", "Not(y0_converse) -> y0"]),
  DowngradeCase(
    11, "LessOrEqual", [x, x], type: .bool,
    ["Less(x0, x1) -> y0_strict", "Equal(x0, x1) -> y0_equal", "Or(y0_strict, y0_equal) -> y0"]),
  DowngradeCase(10, "LessOrEqual", [x, x], type: .bool, refused: "f32"),
  DowngradeCase(16, "LayerNormalization", [x, .input(.float32, [6])], refused: "since opset 17"),
  DowngradeCase(12, "Add", [.input(.bfloat16, [1]), .input(.bfloat16, [1])], type: .bfloat16, refused: "bf16"),
  DowngradeCase(13, "Add", [.input(.bfloat16, [1]), .input(.bfloat16, [1])], type: .bfloat16, ["Add(x0, x1) -> y0"]),
  DowngradeCase(7, "Pow", [.input(.float32, [1]), .input(.int64, [1])], refused: "i64"),
  DowngradeCase(14, "Scatter", [("axis", .integer(0))], [x, .input(.int64, [1, 1, 1]), x], refused: "removed"),
  DowngradeCase(13, "Reshape", [("allowzero", .integer(0))], [x, .integers(0, -1)], ["Reshape(x0, c1) -> y0"]),
  DowngradeCase(13, "Reshape", [("allowzero", .integer(1))], [x, .integers(0, -1)], refused: "allowzero"),
  DowngradeCase(28, "NoSuchOperator", [x], refused: "no such operator"),
]

extension DowngradeCase {
  init(
    _ opset: Int, _ name: String, _ operands: [TestOperand], outputs: Int = 1, type: DType = .float32,
    _ expected: [String] = [],
    refused: String? = nil
  ) {
    self.init(opset, name, [], operands, outputs: outputs, type: type, expected, refused: refused)
  }
}

@Suite struct DowngradeTests {
  @Test(arguments: downgradeCases)
  func aNodeIsWrittenInTheFormOfItsOperatorSet(_ test: DowngradeCase) throws {
    let model = try test.model()
    guard let refused = test.refused else {
      #expect(WrittenModel(try exported(model, opset: test.opset)).nodes == test.expected)
      return
    }
    let fault = try #require(exportFailure(model, opset: test.opset))
    #expect(fault.id == "onnx/opset")
    #expect(fault.category == .invalidInput)
    #expect(fault.message.contains(refused), "\(fault.message)")
    #expect(fault.location.node?.contains(test.op.name.name) == true)
    #expect(fault.fix != nil || !fault.notes.isEmpty)
  }

  @Test func theFixNamesTheOpsetThatCan() throws {
    let model = try oneNode(NewestForm("LayerNormalization"), [x, .input(.float32, [6])])
    #expect(exportFailure(model, opset: 16)?.fix == "export at opset 17 or newer (--opset)")
  }

  @Test func theSmallestOpsetFromTheSourcesOwnIsTaken() throws {
    func opset(_ model: Model) throws -> [String] { WrittenModel(try exported(model)).operatorSets }
    #expect(try opset(oneNode(NewestForm("Relu"), [x], opset: 9)) == ["=9"])
    #expect(try opset(oneNode(NewestForm("ReduceMean"), [x, .integers(1)], opset: 13)) == ["=13"])
    #expect(try opset(oneNode(NewestForm("LayerNormalization"), [x, .input(.float32, [6])], opset: 13)) == ["=17"])
    #expect(try opset(oneNode(NewestForm("Relu"), [x])) == ["=18"])
  }

  @Test(arguments: [6, 29, 0, -1, Int.max])
  func anOpsetOutOfRangeIsAUsageError(opset: Int) throws {
    let fault = try #require(exportFailure(try oneNode(NewestForm("Relu"), [x]), opset: opset))
    #expect(fault.id == "onnx/opset-range")
    #expect(fault.category == .usage)
  }

  @Test func anUnknownOperatorStaysWhereItsFormIs() throws {
    func model(_ name: String, version: Int) throws -> Model {
      let op = OpaqueOperator(name: OperatorName(name), version: version, attributes: Attributes())
      return try oneNode(op, [x], opset: version)
    }
    #expect(try WrittenModel(exported(model("Elu", version: 9), opset: 21)).operatorSets == ["=21"])
    #expect(exportFailure(try model("Elu", version: 9), opset: 22)?.id == "onnx/opset")
    #expect(exportFailure(try model("Madeup", version: 9), opset: 10)?.id == "onnx/opset")
    #expect(try WrittenModel(exported(model("Madeup", version: 9))).operatorSets == ["=9"])
  }

  @Test func aConstantThatBecameAnAttributeIsNotWritten() throws {
    let model = try oneNode(NewestForm("Squeeze"), [x, .integers(1)])
    #expect(WrittenModel(try exported(model, opset: 13)).initializers == ["c1"])
    #expect(WrittenModel(try exported(model, opset: 12)).initializers == [])
  }
}
