import LatheDiagnostics
import LatheSamples
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct TestSetTests {
  private let port = interface(
    ["a": TensorType(.float32, [2]), "b": TensorType(.int64, [1])], outputs: ["c": TensorType(.float32, [2])])

  @Test func setsAreSamplesInTheOrderOfTheirNumbers() throws {
    let set = try SampleReader.read(path: dataPath("sets"), for: port)
    #expect(set.count == 3 && !set.isSingleFeed && set.feeds.map(\.sample) == [0, 1, 2])
    #expect(set.feeds.map { $0.inputs["a"]?.doubles() } == [[0, 1], [2, 1], [10, 1]])
    #expect(set.feeds.map { $0.inputs["b"]?.integers() } == [[0], [2], [10]])
    #expect(set.expectedOutputs.map { $0["c"]?.doubles() } == [[0, 1], [4, 3], [20, 11]])
  }

  @Test func oneSetIsOneFeed() throws {
    let set = try SampleReader.read(path: dataPath("sets/test_data_set_2/"), for: port)
    #expect(set.isSingleFeed && set.feeds[0].inputs["b"]?.integers() == [2] && set.expectedOutputs.count == 1)
    let one = interface(["x": TensorType(.float32, [2])])
    let file = try SampleReader.read(path: dataPath("sets/test_data_set_2/input_0.pb"), for: one)
    #expect(file.isSingleFeed && file.feeds[0].inputs["x"]?.doubles() == [2, 1])
  }

  @Test func setsThatDoNotFitAreRefused() throws {
    let folder = dataPath("sets/test_data_set_0")
    let diagnostic = refusal(folder, interface(["a": TensorType(.float32, [2]), "b": TensorType(.int32, [1])]))
    #expect(diagnostic?.id == "samples/dtype" && diagnostic?.location.file == "\(folder)/input_1.pb")
    #expect(refusal(folder, interface(["a": TensorType(.float32, [2])]))?.id == "samples/test-set")
    let more = interface(["a": TensorType(.float32, [2]), "b": TensorType(.int64, [1]), "c": TensorType(.int64, [1])])
    #expect(refusal(folder, more)?.id == "samples/missing-input")
    #expect(refusal("\(folder)/input_0.pb", more)?.id == "samples/one-array")
  }

  @Test func sequencesAreRead() throws {
    func tensor(_ value: Float) -> [UInt8] {
      [0x08, 1, 0x10, 1, 0x4A, 4] + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
    let parts: [[UInt8]] = [tensor(2), tensor(3)].map { [0x1A, UInt8($0.count)] + $0 }
    let bytes: [UInt8] = [0x0A, 1, 0x73, 0x10, 1] + parts.joined()
    let scratch = try TemporaryFolder()
    try scratch.write("input_0.pb", bytes)
    let type = ValueType.sequence(.tensor(TensorType(.float32, [1])))
    let set = try SampleReader.read(
      path: scratch.path, for: ModelInterface(inputs: [.init(name: "s", valueType: type)]))
    let elements = try [2, 3].map { Datum.tensor(try Tensor([Float($0)], shape: [1])) }
    #expect(set.feeds[0].compounds == ["s": .sequence(elements, of: .tensor(TensorType(.float32, [1])))])
    #expect(set.feeds[0].inputs.isEmpty && set.feeds[0].values.count == 1)
    try scratch.write("output_0.pb", bytes)
    let port = ModelInterface.Port(name: "s", valueType: type)
    #expect(refusal(scratch.path, ModelInterface(inputs: [port], outputs: [port]))?.id == "samples/output-type")
  }

  @Test func everyTruncationIsRefusedOrLacksElements() throws {
    let whole = try bytes(of: dataPath("sets/test_data_set_0/input_0.pb"))
    let scratch = try TemporaryFolder()
    let one = interface(["x": TensorType(.float32, [2])])
    for length in 0..<whole.count {
      let path = try scratch.write("input_0.pb", whole[..<length])
      #expect(refusal(path, one)?.category == .invalidInput)
    }
  }
}
