import LatheDiagnostics
import LatheIR
import LatheSamples
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct ArrayReadingTests {
  static let names: KeyValuePairs<String, TensorType> = [
    "bool": TensorType(.bool, [2, 3]), "i1": TensorType(.int8, [2, 3]), "i2": TensorType(.int16, [2, 3]),
    "i4": TensorType(.int32, [2, 3]), "i8": TensorType(.int64, [2, 3]), "u1": TensorType(.uint8, [2, 3]),
    "u2": TensorType(.uint16, [2, 3]), "u4": TensorType(.uint32, [2, 3]), "u8": TensorType(.uint64, ["n", 3]),
    "f2": TensorType(.float16, [2, 3]), "f4": TensorType(.float32, nil), "f8": TensorType(.float64, [2, 3]),
    "c8": TensorType(.complex64, [2, 3]), "c16": TensorType(.complex128, [2, 3]), "U": TensorType(.string, [2, 3]),
    "S": TensorType(.string, [2, 3]),
  ]

  @Test(arguments: ["little.npz", "big.npz", "columns.npz", "big-columns.npz", "deflated.npz"])
  func everyTypeOfNumpyIsRead(file: String) throws {
    let set = try SampleReader.read(path: dataPath(file), for: interface(Self.names))
    #expect(set.isSingleFeed && set.count == 1 && set.feeds.count == 1 && set.feeds[0].rows == nil)
    let inputs = set.feeds[0].inputs
    for (name, type) in Self.names {
      let tensor = try #require(inputs[name])
      #expect(tensor.dtype == type.dtype && tensor.shape == [2, 3])
      switch type.dtype {
      case .string: #expect(tensor.strings == ["", "a", "häß", "日本", "x y", "🙂"], "\(name)")
      case .bool: #expect(tensor.doubles() == [0, 1, 0, 1, 0, 1])
      case .complex64:
        #expect(tensor.withBytes { Array($0.bindMemory(to: Float.self)) } == [0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5])
      case .complex128:
        #expect(
          tensor.withBytes { Array($0.bindMemory(to: Double.self)) } == [0, 0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5])
      default: #expect(tensor.doubles() == [0, 1, 2, 3, 4, 5], "\(name)")
      }
    }
  }

  @Test(arguments: ["cube-1.npy", "cube-2.npy", "cube-3.npy", "cube-columns.npy"])
  func everyVersionOfTheFormatIsRead(file: String) throws {
    let set = try SampleReader.read(path: dataPath(file), for: interface(["x": TensorType(.int64, [2, 3, 4])]))
    #expect(set.feeds[0].inputs["x"]?.integers() == Array(0..<24))
    #expect(set.isSingleFeed)
  }

  @Test func scalarsAndEmptyArraysAreRead() throws {
    let scalar = try SampleReader.read(path: dataPath("scalar.npy"), for: interface(["x": TensorType(.float32, [])]))
    #expect(scalar.feeds[0].inputs["x"]?.doubles() == [2.5])
    let none = try SampleReader.read(path: dataPath("none.npy"), for: interface(["x": TensorType(.float32, ["n", 3])]))
    #expect(none.feeds[0].inputs["x"]?.shape == [0, 3])
  }

  @Test(arguments: ["structured.npy", "object.npy", "date.npy", "long.npy", "raw.npy"])
  func otherTypesAreRefused(file: String) {
    let diagnostic = refusal(dataPath(file), interface(["x": TensorType(.float32, nil)]))
    #expect(diagnostic?.id == "npy/dtype")
    #expect(diagnostic?.fix != nil && diagnostic?.location.file == dataPath(file))
  }

  @Test func typesAreNotConverted() throws {
    let diagnostic = try #require(refusal(dataPath("cube-1.npy"), interface(["x": TensorType(.int32, nil)])))
    #expect(diagnostic.id == "samples/dtype" && diagnostic.location.value == "x")
    #expect(diagnostic.fix?.contains("x.astype(numpy.int32)") == true)
    #expect(refusal(dataPath("cube-1.npy"), interface(["x": TensorType(.int64, [2, 3, 5])]))?.id == "samples/shape")
    #expect(refusal(dataPath("cube-1.npy"), interface(["x": TensorType(.int64, ["a", "b"])]))?.id == "samples/shape")
  }

  @Test func keysAreTheInputs() {
    let x = TensorType(.float32, [100, 1000])
    #expect(refusal(dataPath("zeros.npz"), interface(["x": x])) == nil)
    let missing = refusal(dataPath("zeros.npz"), interface(["x": x, "y": x]))
    #expect(missing?.id == "samples/missing-input" && missing?.location.value == "y")
    let unknown = refusal(dataPath("zeros.npz"), interface(["xx": x]))
    #expect(unknown?.id == "samples/unknown-input" && unknown?.fix?.contains("xx") == true)
    var optional = interface(["x": x, "y": x])
    optional.inputs[1].hasDefault = true
    #expect(refusal(dataPath("zeros.npz"), optional) == nil)
    #expect(refusal(dataPath("cube-1.npy"), interface(["x": x, "y": x]))?.id == "samples/one-array")
  }

  @Test func entriesThatNumpyDoesNotWriteAreRefused() {
    let x = interface(["x": TensorType(.float32, [3])])
    #expect(refusal(dataPath("bzip2.npz"), x)?.id == "npz/entry")
    #expect(refusal(dataPath("twice.npz"), x)?.id == "npz/duplicate")
  }

  @Test func limitsAreMetBeforeReading() {
    var options = SampleOptions()
    options.limits.tensorBytes = 399_999
    let x = interface(["x": TensorType(.float32, nil)])
    #expect(refusal(dataPath("zeros.npz"), x, options)?.id == "limit/tensor-bytes")
    options.limits.tensorBytes = 400_000
    #expect(refusal(dataPath("zeros.npz"), x, options) == nil)
  }

  @Test(arguments: ["/nonexistent.npz", "/nonexistent", "/nonexistent.jsonl", "/nonexistent/a.npy"])
  func missingFilesAreMissingInput(path: String) {
    #expect(refusal(path, interface(["x": TensorType(.float32, nil)]))?.category == .missingInput)
  }

  @Test func theContentTellsWhereTheNameDoesNot() throws {
    let folder = try TemporaryFolder()
    let x = interface(["x": TensorType(.float32, nil)])
    #expect(refusal(try folder.write("a", try bytes(of: dataPath("zeros.npz"))), x) == nil)
    #expect(refusal(try folder.write("b", try bytes(of: dataPath("scalar.npy"))), x) == nil)
    #expect(refusal(try folder.write("c", Array("{\"x\": [1]}".utf8)), x) == nil)
    #expect(refusal(try folder.write("d", Array("hello".utf8)), x)?.id == "samples/kind")
    #expect(refusal(try folder.write("e.npz", Array("hello".utf8)), x)?.id == "npz/zip")
    #expect(refusal(try folder.write("f.npy", Array("hello, hello".utf8)), x)?.id == "npy/magic")
    #expect(refusal(try folder.write("g.npz", []), x)?.category == .invalidInput)
    #expect(refusal(folder.path, x)?.id == "samples/folder")
  }
}
