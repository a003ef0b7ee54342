import LatheDiagnostics
import LatheSamples
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct TensorLineTests {
  private let port = interface([
    "input_ids": TensorType(.int64, ["batch", "sequence"]), "length": TensorType(.int32, ["batch"]),
  ])

  private func read(_ lines: String, _ port: ModelInterface) throws -> SampleSet {
    let folder = try TemporaryFolder()
    return try SampleReader.read(path: try folder.write("s.jsonl", Array(lines.utf8)), for: port)
  }

  private func refused(_ lines: String, _ port: ModelInterface) throws -> Diagnostic {
    let folder = try TemporaryFolder()
    return try #require(refusal(try folder.write("s.jsonl", Array(lines.utf8)), port))
  }

  @Test func aLineIsARowOrAFeed() throws {
    let set = try read(
      "{\"input_ids\": [1, 2, 3], \"length\": 3, \"label\": 1}\n{\"input_ids\": [[4], [5]], \"length\": [1, 1]}", port)
    #expect(set.count == 2 && set.labels == [1, nil] && set.texts == nil && !set.isSingleFeed)
    #expect(set.feeds[0].rows == [0] && set.feeds[0].inputs["input_ids"]?.shape == [1, 3])
    #expect(set.feeds[0].inputs["length"]?.elements(as: Int32.self) == [3])
    #expect(set.feeds[1].rows == nil && set.feeds[1].sample == 1 && set.feeds[1].inputs["input_ids"]?.shape == [2, 1])
  }

  @Test func linesThatMakeNoTensorAreNamed() throws {
    let good = "{\"input_ids\": [1], \"length\": 1}\n"
    for (line, id) in [
      ("{\"input_ids\": [[1, 2], [3]], \"length\": [1, 1]}", "samples/ragged"),
      ("{\"input_ids\": [1, [2]], \"length\": 1}", "samples/ragged"),
      ("{\"input_ids\": [[1], 2], \"length\": 1}", "samples/ragged"),
      ("{\"input_ids\": [1]}", "samples/missing-input"),
      ("{\"input_ids\": [1], \"lenght\": [1]}", "samples/unknown-input"),
      ("{\"input_ids\": [1], \"length\": 2147483648}", "samples/element"),
      ("{\"input_ids\": [1.5], \"length\": 1}", "samples/element"),
      ("{\"input_ids\": [\"1\"], \"length\": 1}", "samples/element"),
      ("{\"input_ids\": [1e30], \"length\": 1}", "samples/element"),
      ("{\"input_ids\": [[[1]]], \"length\": 1}", "samples/shape"),
      ("{\"text\": \"a\"}", "samples/mixed-forms"),
    ] {
      let diagnostic = try refused(good + line, port)
      #expect(diagnostic.id == id && diagnostic.location.line == 2, "\(line): \(diagnostic)")
    }
  }

  @Test(arguments: DType.allCases)
  func elementsAreCheckedAgainstTheType(dtype: DType) throws {
    let port = interface(["x": TensorType(dtype, [4])])
    switch dtype {
    case .complex64, .complex128: #expect(try refused("{\"x\": [1, 2, 3, 4]}", port).id == "samples/dtype")
    case .string:
      #expect(
        try read("{\"x\": [\"a\", \"\", \"c\", \"d\"]}", port).feeds[0].inputs["x"]?.strings == ["a", "", "c", "d"])
    case .bool: #expect(try read("{\"x\": [true, false, 1, 0]}", port).feeds[0].inputs["x"]?.doubles() == [1, 0, 1, 0])
    default:
      #expect(try read("{\"x\": [1, 1, 1.0, 1]}", port).feeds[0].inputs["x"]?.doubles() == [1, 1, 1, 1])
      #expect(try refused("{\"x\": [1, 1, 1, true]}", port).id == "samples/element")
      guard dtype != .float64 else { return }
      #expect(try refused("{\"x\": [1, 1, 1, 1e300]}", port).id == "samples/element")
    }
    guard dtype.isInteger else { return }
    let beyond = dtype.isUnsignedInteger ? "-1" : dtype == .int64 ? "-9223372036854775809" : "-\(1 << dtype.bitWidth)"
    #expect(try refused("{\"x\": [0, 0, 0, \(beyond)]}", port).id == "samples/element")
    let low = dtype.isUnsignedInteger ? 0 : dtype == .int64 ? Int.min : -(1 << (dtype.bitWidth - 1))
    #expect(try read("{\"x\": [0, 0, 0, \(low)]}", port).feeds[0].inputs["x"]?.integers() == [0, 0, 0, low])
  }
}
